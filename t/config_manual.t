#!/usr/bin/perl
# What is made from the schema and the command table: manual pages, JSON
# Schema, the file that we ship.  Each setting is in all of them.
use strict;
use warnings;
use lib 't/lib';
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;
use Postern::Gateway;

my $folder = tempdir(CLEANUP => 1);
my $postern = abs_path($Postern::Gateway::BUILD) . '/postern';

sub run {
	my (@words) = @_;
	open my $pipe, '-|', $postern, @words or die "$postern: $!";
	my $out = do { local $/; <$pipe> };
	close $pipe;
	return ($? >> 8, $out // '');
}

sub lint {
	my ($name, $page) = @_;
	my $path = "$folder/$name";
	open my $out, '>', $path or die $!;
	print {$out} $page;
	close $out;
	my $tool = (grep { -x "$_/mandoc" } split /:/, $ENV{PATH}) ?
	    "mandoc -Tlint -Wwarning $path" :
	    (grep { -x "$_/groff" } split /:/, $ENV{PATH}) ?
	    "groff -mandoc -ww -z -Tutf8 $path" : undef;
	SKIP: {
		skip 'neither mandoc nor groff is installed', 1
		    unless defined $tool;
		my $words = `$tool 2>&1`;
		is($words, '', "$name has no fault");
	}
}

sub slurp { return Postern::Gateway::slurp($_[0]) }

my ($status, $json) = run('config', 'schema');
is($status, 0, 'config schema');
my $schema = eval { decode_json($json) };
ok($schema, 'it is JSON') or BAIL_OUT($@);
like($schema->{'$schema'}, qr{json-schema\.org/draft/2020-12/schema$},
    'of its version');

# Every setting: path => its node.
my %settings;
sub walk {
	my ($node, $path) = @_;
	for my $name (sort keys %{ $node->{properties} // {} }) {
		my $below = $path eq '' ? $name : "$path.$name";
		$settings{$below} = $node->{properties}{$name};
		walk($node->{properties}{$name}, $below);
	}
	walk($node->{items}, "$path\[N]") if ref $node->{items} eq 'HASH';
	walk($node->{additionalProperties}, "$path.NAME")
	    if ref $node->{additionalProperties} eq 'HASH';
}
walk($schema, '');
cmp_ok(scalar keys %settings, '>', 80, scalar(keys %settings) .
    ' settings');
for my $path ('hostname', 'listeners.NAME.port',
    'sender_groups[N].addresses', 'mail_flow_policies.NAME.action',
    'limits.message_size', 'tls.certificates.NAME.key',
    'processes.users.smtp', 'bounce_profiles.NAME.lifetime') {
	ok($settings{$path}, "$path is one of them");
}
my @undescribed = grep { ($settings{$_}{description} // '') !~
    /^[A-Z].{10,}\.$/s } sort keys %settings;
is_deeply(\@undescribed, [], 'each has a sentence');
is_deeply([grep { ref $schema->{required} && !$schema->{properties}{$_} }
    @{ $schema->{required} // [] }], [], 'what is required exists');
is(JSON::PP::false, $schema->{additionalProperties},
    'and nothing else is allowed');

my ($status5, $page5) = run('config', 'schema', '--manual');
is($status5, 0, 'the manual page of the file');
lint('postern.yaml.5', $page5);
my (%documented, $section);
for (split /\n/, $page5) {
	$section = $1 if /^\.Ss (.*)/;
	next unless /^\.It Cm (\S+)/ && defined $section;
	$documented{$section eq 'The top level' ? $1 : "$section.$1"} = 1;
}
is_deeply([grep { !$documented{$_} } sort keys %settings], [],
    'every setting is in it');
is_deeply([grep { !$settings{$_} } sort keys %documented], [],
    'and no other');
my ($example) = $page5 =~ /^\.Bd -literal[^\n]*\n(hostname.*?)^\.Ed/ms;
ok($example, 'it has an example');
open my $out, '>', "$folder/example.yaml" or die $!;
print {$out} $example;
close $out;
is((run('config', 'check', "$folder/example.yaml"))[0], 0,
    'which is good');

my $shipped = slurp('etc/postern.yaml');
my @missing = grep { !/\./ && $shipped !~ /^#? ?\Q$_\E:/m }
    sort keys %settings;
is_deeply(\@missing, [], 'the file that we ship shows each section');

my ($status1, $page1) = run('help', '--manual');
is($status1, 0, 'the manual page of the command');
lint('postern.1', $page1);
my ($helped, $help) = run('help');
my @commands = $help =~ /^  (\S+(?: \S+)?)  +\S/mg;
cmp_ok(scalar @commands, '>', 10, 'commands');
for my $command (@commands) {
	like($page1, qr/^\.It Ic \Q$command\E\b/m, "$command is in it");
}

my @pages = grep { -e } glob 'gateway/*/*.8 listeners/*.8 queue/*.8 ' .
    'queue/delivery/*.8 crypto/*/*.8 policy/*/*.8 policy/*.5 webui/server/*.8';
my %pages = map { m{([^/]+)$} ? ($1 => $_) : () } @pages;
for my $program (qw(supervisor smtp queue lookup deliver keys admin)) {
	my $name = "postern-$program.8";
	ok($pages{$name}, "$name exists") or next;
	lint($name, slurp($pages{$name}));
	my $path = $postern =~ s/postern$/postern-$program/r;
	my $usage = `$path -h 2>&1`;
	is($?, 0, "postern-$program -h");
	like($usage, qr/^usage: postern-$program/, 'tells how to use it');
	my $version = `$path -V`;
	like($version, qr/^\d+\.\d+\.\d+-/, 'and -V its build');
}
done_testing;
