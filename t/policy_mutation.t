#!/usr/bin/perl
# Every rule and every action of the registries has a case that notices when
# it is broken: each rule made always true and always false, each action made
# to do nothing, in turn.  Only test builds can be broken (POSTERN_BREAK).
#
# POSTERN_PROVE=long does the same to a running gateway, with real mail.
use strict;
use warnings;
use lib 't/lib';
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;
use Postern::Authority;
use Postern::Gateway;
use Postern::PolicyCases;

my $postern = abs_path("$Postern::Gateway::BUILD/postern");
plan skip_all => 'only test builds can be broken'
    if system("grep -q POSTERN_BREAK $postern");

my $folder = tempdir(CLEANUP => 1);
sub write_to {
	my ($name, $content) = @_;
	open my $out, '>:raw', "$folder/$name" or die "$name: $!";
	print {$out} $content;
	close $out;
	return "$folder/$name";
}

my $rules = \@Postern::PolicyCases::RULES;
my $actions = \@Postern::PolicyCases::ACTIONS;

# ---- what there is has a case ---------------------------------------------

my $coverage = JSON::PP->new->decode(
    scalar qx{$postern --json filters coverage})->{language};
for my $kind (qw(rule action)) {
	my @cases = sort map { $_->{name} } $kind eq 'rule' ? @$rules :
	    @$actions;
	my @there = sort map { $_->{name} } grep { $_->{available} &&
	    $_->{kind} eq $kind } @$coverage;
	is_deeply(\@cases, \@there, "each $kind that there is has a case");
}

# ---- policy tests ----------------------------------------------------------

my $authority = Postern::Authority->new;
my $client = $authority->issue('gateway.test', file => 'client',
    usage => 'clientAuth');
my $config = write_to('postern.yaml', Postern::PolicyCases::config(
    certificates => $authority->{directory}));

# The cases of a file that fail.
sub failing {
	my ($cases, $broken) = @_;
	local $ENV{POSTERN_BREAK} = $broken // '';
	my $said = qx{$postern --json policy test $cases --config $config 2>&1};
	my $result = eval { JSON::PP->new->decode($said) };
	BAIL_OUT($said) unless $result;
	return grep { !$_->{ok} } @{ $result->{results} };
}

my (@files, @all);
for my $i (0 .. $#$rules) {
	my $cases = Postern::PolicyCases::rule_cases($i, \&write_to);
	push @all, @$cases;
	push @files, write_to("rule-$i.yaml",
	    Postern::PolicyCases::file({ cases => $cases }));
}
my @action_files;
for my $i (0 .. $#$actions) {
	my $cases = Postern::PolicyCases::action_cases($i, \&write_to);
	push @all, @$cases;
	push @action_files, write_to("action-$i.yaml",
	    Postern::PolicyCases::file({ cases => $cases }));
}
my @wrong = failing(write_to('all.yaml',
    Postern::PolicyCases::file({ cases => \@all })));
ok(!@wrong, scalar(@all) . ' cases hold') or do {
	diag(join "\n", map { "$_->{name}: $_->{differences}" } @wrong);
	BAIL_OUT('nothing to compare with');
};

for my $i (0 .. $#$rules) {
	my $name = $rules->[$i]{name};
	# One that is true of every message cannot be told from "true".
	for my $value ($rules->[$i]{no_is_true} ? qw(false) :
	    qw(true false)) {
		ok(scalar failing($files[$i], "$name=$value"),
		    "$name: noticed when it is always $value");
	}
}
for my $i (0 .. $#$actions) {
	my $name = $actions->[$i]{name};
	next if $actions->[$i]{cannot_break};
	ok(scalar failing($action_files[$i], "$name="),
	    "$name: noticed when it does nothing");
}
done_testing;
