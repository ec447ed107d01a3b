#!/usr/bin/perl
# Trying messages without sending them: "postern trace" through the running
# and through a candidate configuration, and "postern policy test".
use strict;
use warnings;
use lib 't/lib';
use JSON::PP;
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(config =>
    Postern::Gateway::default_config($sink, extra => <<'YAML'));
quarantines:
  Policy: { description: for a look }
content_filters:
  outgoing:
    - name: numbers
      conditions: ['only-body-contains("*aba", 1)']
      actions: ['quarantine("Policy")', 'tag-message("aba")']
    - name: never
      conditions: ['subject == "^never$" and not header("X-No")']
      actions: ['drop()']
    - name: seen
      actions: ['insert-header("X-Seen", "yes")']
YAML

my $held = join "\r\n", 'From: Ann <ann@client.test>',
    'To: user@sink.test', 'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=', '',
    'Pay to 021000021 now.', '';
my $file = $gateway->write_file('held.eml', $held);
my @connection = ('--client', '127.0.0.1', '--from', 'ann@client.test',
    '--to', 'user@sink.test');

subtest 'the running configuration' => sub {
	my $before = $gateway->json('ledger', 'verify');
	my ($status, $out, $err) = $gateway->cli('trace', $file, @connection);
	is($status, 0, 'traced') or diag $err;
	like($out, qr/^Configuration version \d+, the running one$/m,
	    'which one');
	like($out, qr/^Sender group  everybody, mail flow policy relay: outgoing$/m,
	    'the connection');
	like($out, qr/^  filter numbers\n    true    only-body-contains\("\*aba", 1\)  found "021000021"  \d+ us\n    does    quarantine\("Policy"\)$/m,
	    'a rule that is true, what it found, and what is done');
	like($out, qr/^  filter never\n    false   subject == "\^never\$"  \d+ us\n  filter seen$/m,
	    'one that is false, and that nothing behind it was asked');
	like($out, qr/^  quarantine for <user\@sink\.test>$/m, 'the outcome');
	my $after = $gateway->json('ledger', 'verify');
	is_deeply($after, $before, 'nothing changed');
	is($sink->count, 0, 'nothing was sent');
};

subtest 'as JSON, equal to what the gateway does' => sub {
	my $story = $gateway->json('trace', $file, @connection);
	my $splinter = $story->{outcome}{splinters}[0];
	is($splinter->{verdict}, 'quarantine', 'verdict');
	is_deeply($splinter->{tags}, ['aba'], 'tags');
	my ($rule) = grep { $_->{step} eq 'rule' } @{ $story->{steps} };
	is($rule->{matched}, '021000021', 'what the rule found');
	cmp_ok($rule->{ns}, '>=', 0, 'and its time');
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO localhost');
	$client->send(from => 'ann@client.test', to => 'user@sink.test',
	    data => $held);
	ok(wait_until(10, sub { $gateway->events('judged') }), 'judged');
	my ($judged) = $gateway->events('judged');
	is($judged->{verdict}, $splinter->{verdict}, 'the same verdict');
	is($judged->{disposition}, $splinter->{filters},
	    'by the same filters');
	my $json = JSON::PP->new->canonical;
	my %outcomes = map { $json->encode($gateway->json('trace', $file,
	    @connection)->{outcome}) => 1 } 1 .. 20;
	is_deeply([keys %outcomes], [$json->encode($story->{outcome})],
	    'and traced again and again it is the same');
};

subtest 'a candidate' => sub {
	my $yaml = Postern::Gateway::slurp(
	    "$gateway->{directory}/postern.yaml");
	my $candidate = $gateway->write_file('candidate.yaml',
	    $yaml =~ s/\^never\$/Gr/r);
	my ($status, $out, $err) = $gateway->cli('trace', $file,
	    '--config', $candidate);
	is($status, 0, 'traced, with the header\'s own addresses') or
	    diag $err;
	like($out, qr/^  drop for <user\@sink\.test>$/m, 'it would be dropped');
	like($out, qr/does    drop\(\)/, 'by its action');
	$gateway->write_file('broken.yaml', $yaml =~ s/drop\(\)/drup()/r);
	($status, undef, $err) = $gateway->cli('trace', $file, '--config',
	    "$gateway->{directory}/broken.yaml");
	is($status, 1, 'a mistake in it is refused');
	like($err, qr/there is no action "drup"/, 'and shown');
};

subtest 'bad input' => sub {
	my %cases = (
		'no such file' => [['/nonexistent'], qr/No such file/],
		'an address' => [[$file, '--client', 'here'],
		    qr/is no IP address/],
		'a listener' => [[$file, '--listener', 'nowhere'],
		    qr/there is no listener "nowhere"/],
		'a recipient' => [[$file, '--to', 'a b'], qr/"a b"/],
	);
	for my $name (sort keys %cases) {
		my ($words, $like) = @{ $cases{$name} };
		my ($status, undef, $err) = $gateway->cli('trace', @$words);
		is($status, 1, "$name: refused");
		like($err, $like, "$name: in words");
	}
	my ($status, $out) = $gateway->cli('trace', $file, '--client',
	    '192.0.2.1', '--to', 'user@sink.test');
	is($status, 0, 'a stranger is an outcome');
	like($out, qr/^Outcome: refused: no sender group has this client$/m,
	    'refused');
	my $hostile = $gateway->write_file('hostile.eml', join "\r\n",
	    "Subject: \e[31mred 021000021", 'To: user@sink.test', '',
	    "\e]0;owned\a 021000021", '');
	(undef, $out) = $gateway->cli('trace', $hostile, @connection);
	unlike($out, qr/[\e\a]/, 'nothing of a mail reaches the terminal raw');
};

subtest 'policy tests' => sub {
	my $cases = $gateway->write_file('cases.yaml', <<'YAML');
cases:
  - name: account numbers are held
    file: held.eml
    client: 127.0.0.1
    sender: ann@client.test
    recipients: [user@sink.test]
    expect:
      - verdict: quarantine
        quarantine: Policy
        fired: [numbers, seen]
        silent: [never]
        tags: [aba]
        contains: ['X-Seen: yes']
        lacks: [X-Never]
  - name: strangers are refused
    file: held.eml
    client: 192.0.2.1
    recipients: [user@sink.test]
    expect: [ { verdict: refuse } ]
YAML
	my $yaml = "$gateway->{directory}/postern.yaml";
	my ($status, $out, $err) = $gateway->cli('policy', 'test', $cases,
	    '--config', $yaml);
	is($status, 0, 'they hold') or diag $out, $err;
	like($out, qr/^2 cases, 0 failed$/m, 'summed up');
	$gateway->write_file('wrong.yaml', Postern::Gateway::slurp($cases) =~
	    s/verdict: quarantine/verdict: drop/r);
	($status, $out) = $gateway->cli('policy', 'test',
	    "$gateway->{directory}/wrong.yaml", '--config', $yaml);
	is($status, 1, 'one that fails');
	like($out, qr/^FAILED  account numbers are held\n        verdict: expected drop, got quarantine$/m,
	    'says what differs');

	$gateway->write_file('postern.yaml', Postern::Gateway::slurp($yaml) .
	    "management: { policy_tests: wrong.yaml }\n");
	($status, undef, $err) = $gateway->cli('config', 'load');
	isnt($status, 0, 'a configuration with which one fails is refused');
	like($err, qr/management\.policy_tests: the case "account numbers are held" fails: verdict: expected drop, got quarantine/,
	    'with the case and what differs');
	$gateway->write_file('wrong.yaml', Postern::Gateway::slurp($cases));
	($status, undef, $err) = $gateway->cli('config', 'load');
	is($status, 0, 'with good ones it is loaded') or diag $err;
	my ($none, undef, $said) = $gateway->cli('policy', 'test',
	    '/nonexistent', '--config', $yaml);
	is($none, 1, 'a file that is not there');
	like($said, qr/cannot be read/, 'is told');
};

$gateway->cli('quarantine', 'delete', $_->{mid})
    for @{ $gateway->json('quarantine', 'list')->{messages} };
$gateway->finish;
done_testing;
