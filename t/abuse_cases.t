#!/usr/bin/perl
# The table of abuse cases is true: what it calls tested is tested there, by
# its id.
use strict;
use warnings;
use Test::More;

my @groups = qw(L D M F X K Q T B Y N C);
my %count = (L => 16, D => 13, M => 17, F => 9, X => 11, K => 12, Q => 10,
    T => 14, B => 7, Y => 5, N => 5, C => 5);

open my $table, '<', 't/abuse-cases.tsv' or die "t/abuse-cases.tsv: $!";
my (%rows, @twice, @malformed);
while (my $line = <$table>) {
	next if $line =~ /^#/;
	chomp $line;
	my ($id, $state, $where, $note) = split /\t/, $line;
	push @malformed, $line unless ($id // '') =~ /^[A-Z](?:\d\d|\*)$/ &&
	    ($state // '') =~ /^(?:tested|waits)$/ && length($where // '');
	push @twice, $id if $rows{$id};
	$rows{$id} = { state => $state, where => $where };
}
close $table;
is_deeply(\@malformed, [], 'every line has id, state and place');
is_deeply(\@twice, [], 'no id stands there twice');
for my $group (@groups) {
	my @ids = grep { /^$group\d/ } sort keys %rows;
	is(scalar @ids, $count{$group}, "all of group $group");
}

for my $id (sort grep { $rows{$_}{state} eq 'tested' } keys %rows) {
	my $path = $rows{$id}{where};
	my $text = '';
	if (open my $in, '<', $path) {
		local $/;
		$text = <$in>;
	}
	ok($text =~ /\b$id\b/, "$id is tested in $path");
}
done_testing;
