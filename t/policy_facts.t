#!/usr/bin/perl
# Facts end to end: what real name servers and a real directory say decides
# about messages, and what happens when they say nothing.
use strict;
use warnings;
use lib 't/lib';
use Sys::Hostname;
use Test::More;
use Time::HiRes qw(time);
use Postern::Authority;
use Postern::Gateway;
use Postern::Nsd;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Slapd;
use Postern::Smtp;

my $missing = Postern::Nsd::missing() // Postern::Slapd::missing();
plan skip_all => $missing if $missing;

my $authority = Postern::Authority->new;
my $stranger = Postern::Authority->new(name => 'Stranger');
# libldap takes "localhost" for the name of this machine.
my %own = map { $_ => 1 } 'localhost', hostname(), `hostname -f 2>&1`;
my $certificate = $authority->issue('localhost', alternative => join ',',
    'IP:127.0.0.1', map { "DNS:$_" } grep { /^[\w.-]+$/ }
    map { s/\s//gr } sort keys %own);

sub person {
	my ($uid, $mail, $department) = @_;
	return "dn: uid=$uid,ou=people,dc=example,dc=test\n" .
	    "objectClass: inetOrgPerson\nuid: $uid\ncn: $uid\nsn: $uid\n" .
	    "mail: $mail\ndepartmentNumber: $department\n\n";
}
my $entries = <<'LDIF' . person('anna', 'anna@example.test', 'sales') .
dn: dc=example,dc=test
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=gateway,dc=example,dc=test
objectClass: person
cn: gateway
sn: gateway
userPassword: let me in

dn: ou=people,dc=example,dc=test
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=test
objectClass: organizationalUnit
ou: groups

dn: cn=sales,ou=groups,dc=example,dc=test
objectClass: groupOfNames
cn: sales
member: uid=anna,ou=people,dc=example,dc=test
member: uid=odd,ou=people,dc=example,dc=test

LDIF
    person('boss', 'boss@sink.test', 'board') .
    person('odd', '"o*d(x)"@example.test', 'sales') .
    join '', map { person("twin$_", 'twins@example.test', "d$_") } 1 .. 11;
my $slapd = Postern::Slapd->new(entries => $entries,
    certificate => $certificate, reader => 'cn=gateway,dc=example,dc=test');
my $nsd = Postern::Nsd->new(zones => {
	'list.test' => "2.0.0.127 A 127.0.0.2\n3.0.0.127 A 192.0.2.1\n" .
	    "4.0.0.127 A 127.255.255.254\n",
	'broken.test' => undef,
	'client.test' => "mail A 127.0.0.2\nliar A 127.0.0.99\n",
	'127.in-addr.arpa' => "2.0.0 PTR mail.client.test.\n" .
	    "3.0.0 PTR liar.client.test.\n" });
my $sink = Postern::Sink->new;

my $queries = <<'YAML';
    bind_dn: cn=gateway,dc=example,dc=test
    password_file: %DIR%/password
    base: dc=example,dc=test
    timeout: 3 s
    queries:
      entry:
        filter: (mail={a})
        group: (&(objectClass=groupOfNames)(cn={g})(member={n}))
      direct:
        group: (&(mail={a})(departmentNumber={g}))
      parts:
        filter: (mail={u}@{d})
        attribute: departmentNumber
      nowhere:
        base: dc=nowhere
        group: (&(mail={a})(departmentNumber={g}))
YAML
my $filters = '';
sub filter {
	my ($name, @conditions) = @_;
	$filters .= "    - name: $name\n      conditions:\n" .
	    join('', map { "        - $_\n" } @conditions) .
	    "      actions: ['insert-header(\"X-Fired\", \"$name\")']\n";
}
filter('is_sales', 'mail-from != "^soft@"',
    'mail-from-group == "corp.entry:sales"');
filter('no_sales', 'mail-from != "^soft@"',
    'mail-from-group != "corp.entry:sales"');
filter('to_board', 'mail-from != "^soft@"',
    'rcpt-to-group == "corp.direct:board"');
filter('to_nobody', 'mail-from != "^soft@"',
    'rcpt-to-group != "corp.direct:board"');
filter('from_sales', 'mail-from != "^soft@"',
    'sender-attribute("corp.parts") == "^sales$"');
filter('to_b', 'mail-from != "^soft@"',
    'recipient-attribute("corp.parts") == "^b"');
filter('listed', 'dnslist("list.test")');
filter('not_listed', 'not dnslist("list.test")');
filter('broken', 'dnslist("broken.test")');
filter('named', 'remote-host == "^mail\\\\.client\\\\.test$"');
filter('other_name', 'remote-host != "^mail\\\\.client\\\\.test$"');
filter('calm', 'workqueue-count < 1000');
filter('busy', 'workqueue-count > 1000');
filter('tls', 'mail-from == "^tls@"', 'rcpt-to-group == "tls.direct:board"');
for my $wrong (qw(stranger misnamed wrong_password)) {
	filter("$wrong\_is", "mail-from == \"^$wrong@\"",
	    "rcpt-to-group == \"$wrong.direct:board\"");
	filter("$wrong\_is_not", "mail-from == \"^$wrong@\"",
	    "rcpt-to-group != \"$wrong.direct:board\"");
}
filter('soft_is', 'mail-from == "^soft@"',
    'rcpt-to-group == "soft.direct:board"');
filter('soft_is_not', 'mail-from == "^soft@"',
    'rcpt-to-group != "soft.direct:board"');
filter('nowhere', 'mail-from == "^nowhere@"',
    'rcpt-to-group == "soft.nowhere:board"');
filter('twins', 'mail-from == "^twins@"',
    'sender-attribute("soft.parts") == "d1"');

my $config = Postern::Gateway::default_config($sink, extra => <<"YAML");
dns:
  forwarders: ["127.0.0.1\@$nsd->{port}"]
  list_timeout: 3 s
  list_on_failure: unknown
processes:
  smtp: 1
  deliver: 1
  keys: 1
  scan: 1
directories:
  corp:
    servers: ["ldap://127.0.0.1:$slapd->{port}"]
    trust: %DIR%/ca.pem
    on_failure: hold
$queries
  soft:
    servers: ["ldap://127.0.0.1:$slapd->{port}"]
    start_tls: false
    on_failure: unknown
$queries
  tls:
    servers: ["ldaps://localhost:1", "ldaps://localhost:$slapd->{tls_port}"]
    trust: %DIR%/ca.pem
$queries
  stranger:
    servers: ["ldaps://127.0.0.1:$slapd->{tls_port}"]
    trust: %DIR%/stranger.pem
    on_failure: unknown
$queries
  misnamed:
    servers: ["ldaps://127.0.0.2:$slapd->{tls_port}"]
    trust: %DIR%/ca.pem
    on_failure: unknown
$queries
  wrong_password:
    servers: ["ldap://127.0.0.1:$slapd->{port}"]
    trust: %DIR%/ca.pem
    on_failure: unknown
@{[ $queries =~ s/password$/other/mr ]}
content_filters:
  outgoing:
$filters
YAML
my $gateway = Postern::Gateway->new(config => $config,
    files => { password => "let me in\n", other => "wrong\n",
	'ca.pem' => Postern::Gateway::slurp($authority->{certificate}),
	'stranger.pem' =>
	    Postern::Gateway::slurp($stranger->{certificate}) },
    expect => [qr/event=directory_unreachable/, qr/event=set_aside/,
	qr/event=(?:child_ended|queue_recovered)/, qr/_channel_lost/]);

my $count = 0;
sub submit {
	my (%o) = @_;
	my $from = $o{from} // 'nobody' . ++$count . '@example.test';
	my $client = Postern::Smtp->new(port => $gateway->port('public'),
	    local => $o{client} // '127.0.0.1');
	$client->command('EHLO client.test');
	my $reply = $client->send(from => $from,
	    to => $o{to} // 'user@sink.test', data =>
	    "Subject: $from\r\n\r\nbody\r\n");
	$client->quit;
	my ($mid) = $reply =~ /queued as (\d+)/ or fail("taken: $reply");
	return $mid;
}

# Names of the filters that fired, by the message as it was delivered.
sub arrived {
	my ($mid) = @_;
	my $judged = wait_until(20, sub { (grep { $_->{mid} == $mid }
	    $gateway->events('judged'))[0] }) or return;
	return split /, /, $judged->{disposition};
}

sub fires {
	my ($name, $fired, $not, %o) = @_;
	my $mid = submit(%o);
	my %seen = map { $_ => 1 } arrived($mid);
	my @off = ((grep { !$seen{$_} } @$fired), grep { $seen{$_} } @$not);
	is_deeply(\@off, [], $name) or
	    diag "fired: @{[ sort keys %seen ]}";
	return $mid;
}

sub facts {
	my ($mid) = @_;
	return grep { $_->{mid} == $mid } $gateway->events('fact');
}

my $mid = fires('groups and attributes that hold',
    [qw(is_sales to_board from_sales to_b calm)],
    [qw(no_sales to_nobody busy)], from => 'anna@example.test',
    to => ['user@sink.test', 'boss@sink.test']);
my ($fact) = grep { $_->{kind} eq 'group' &&
    $_->{source} eq 'corp.entry:sales' } facts($mid);
is($fact->{subject}, 'anna@example.test', 'the log says what was asked');
is($fact->{outcome}, 'known', 'what came of it');
like($fact->{took_ms}, qr/^\d+$/, 'and how long it took');
fires('and that do not', [qw(no_sales to_nobody)],
    [qw(is_sales to_board from_sales to_b)]);
fires('the null sender is in no group', [qw(no_sales)],
    [qw(is_sales from_sales)], from => '');
fires('the case of an address counts as the directory says',
    [qw(is_sales)], [], from => 'Anna@EXAMPLE.test');

subtest 'an address is data (RFC 4515)' => sub {
	for my $address ('*@example.test', 'a*a@example.test',
	    '"anna@example.test)(|(mail=*"@example.test',
	    '"*)(uid=*))(|(uid=*"@example.test', '"\\2a"@example.test',
	    '"anna\\00"@example.test') {
		fires("$address is nobody", [qw(no_sales)],
		    [qw(is_sales from_sales)], from => $address);
	}
	fires('and one of such bytes is found', [qw(is_sales)], [],
	    from => '"o*d(x)"@example.test');
	unlike($slapd->log_text, qr/filter="[^\n]*uid=\*\)/,
	    'no filter got other parts');
};

subtest 'DNS lists and names' => sub {
	fires('listed; verified', [qw(listed named)],
	    [qw(not_listed other_name broken)], client => '127.0.0.2');
	fires('an answer outside of 127.0.0.0/8 is none; a name that does ' .
	    'not lead back is none', [qw(not_listed other_name)],
	    [qw(listed named broken)], client => '127.0.0.3');
	my $mid = fires('a refusal is unknown; no name is known',
	    [qw(other_name)], [qw(listed named broken)],
	    client => '127.0.0.4');
	my %seen = map { ("$_->{kind} $_->{source}" => $_) } facts($mid);
	is($seen{'dns-list list.test'}{outcome}, 'unknown', 'refused');
	is($seen{'dns-list broken.test'}{outcome}, 'unknown', 'SERVFAIL');
	is($seen{'host-name '}{outcome} // $seen{'host-name ""'}{outcome},
	    'known', 'no name') or diag join ',', keys %seen;
};

subtest 'TLS' => sub {
	fires('a server by its name, behind one that is dead', [qw(tls)], [],
	    from => 'tls@example.test', to => 'boss@sink.test');
	for my $wrong (qw(stranger misnamed wrong_password)) {
		fires("$wrong: neither true nor false", [],
		    ["$wrong\_is", "$wrong\_is_not"],
		    from => "$wrong\@example.test", to => 'boss@sink.test');
	}
	my @unreachable = $gateway->events('directory_unreachable');
	like((grep { $_->{directory} eq 'misnamed' } @unreachable)[0]{reason},
	    qr/TLS|connect/i, 'which is told');
	like((grep { $_->{directory} eq 'wrong_password' } @unreachable)
	    [0]{reason}, qr/credentials/i, 'also that of a refused bind');
	unlike($gateway->log_text, qr/let me in/, 'no password in the log');
};

subtest 'what is no result is unknown' => sub {
	my $mid = fires('a base that is not there', [], [qw(nowhere)],
	    from => 'nowhere@example.test', to => 'boss@sink.test');
	my ($fact) = grep { $_->{source} eq 'soft.nowhere:board' }
	    facts($mid);
	is($fact->{outcome}, 'unknown', 'is unknown');
	$mid = fires('too many entries', [], [qw(twins)],
	    from => 'twins@example.test');
};

sub held {
	my ($mid) = @_;
	return (grep { $_->{mid} == $mid } $gateway->events('set_aside'))[0];
}

subtest 'a directory that is silent' => sub {
	$slapd->freeze;
	my $start = time;
	my $soft = submit(from => 'soft@example.test', to => 'boss@sink.test');
	my $hard = submit(from => 'anna@example.test');
	my $aside = wait_until(30, sub { held($hard) });
	ok($aside, 'hold: set aside');
	like($aside->{reason}, qr/corp/, 'with the directory');
	cmp_ok(time - $start, '<', 20, 'within the time for it');
	is($gateway->json('message', $hard)->{queue}{state}, 'held',
	    'it waits');
	my %fired = map { $_ => 1 } arrived($soft);
	ok($fired{calm}, 'unknown: judged');
	ok(!$fired{soft_is} && !$fired{soft_is_not}, 'neither is true');
	$slapd->thaw;
	# A server that was silent is left alone for a while.
	$gateway->move_clock(6);
	my ($status) = $gateway->cli('release', $hard);
	is($status, 0, 'released');
	my %seen;
	ok(wait_until(20, sub {
		%seen = map { $_ => 1 } arrived($hard);
		return $seen{is_sales};
	}), 'and judged anew by what the directory says now');
};

subtest 'deaths while a question is out' => sub {
	for my $kind (qw(inspect queue lookup)) {
		my @pids = @{ $gateway->pids->{$kind} };
		my $server = $kind eq 'lookup' ? $nsd : $slapd;
		$server->freeze;
		my $mid = submit(from => 'anna@example.test',
		    client => '127.0.0.2');
		kill 'KILL', @pids;
		ok(wait_until(20, sub { !grep { kill 0, $_ } @pids }),
		    "$kind is gone");
		$server->thaw;
		my %seen = map { $_ => 1 } arrived($mid);
		ok($seen{is_sales} && $seen{listed} && $seen{named},
		    'the question is asked again') or
		    diag join ', ', sort keys %seen;
	}
};

subtest 'mistakes in filters have their place' => sub {
	my $yaml = Postern::Gateway::slurp(
	    "$gateway->{directory}/postern.yaml");
	for my $case (['corp.entry:sales', 'gone.entry:sales',
	    'there is no directory'], ['corp.entry:sales', 'corp.gone:sales',
	    'has no query'], ['corp.entry:sales', 'corp.parts:sales',
	    'not one for groups'], ['"corp.parts"', '"corp.direct"',
	    'no query for an attribute'], ['(mail={a})', '(mail={x})',
	    'expected a place']) {
		my ($from, $to, $words) = @$case;
		$gateway->write_file('postern.yaml',
		    $yaml =~ s/\Q$from\E/$to/r);
		my ($status, undef, $err) = $gateway->cli('config', 'load');
		isnt($status, 0, "$to is refused");
		like($err, qr/$words/, 'with words');
	}
	$gateway->write_file('postern.yaml', $yaml);
	my ($status) = $gateway->cli('config', 'load');
	is($status, 0, 'the good one is taken');
	fires('and goes on', [qw(is_sales)], [],
	    from => 'anna@example.test');
};

$gateway->finish;
done_testing;
