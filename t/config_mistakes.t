#!/usr/bin/perl
# Every mistake in a configuration is told with file, line and path, by
# "config check" alone and by "config load" at a running gateway, which goes
# on with what it had.
use strict;
use warnings;
use lib 't/lib';
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;
use Postern::Authority;
use Postern::Gateway;
use Postern::Port qw(free_port);
use Postern::Sink;
use Postern::Smtp;

my $folder = tempdir(CLEANUP => 1);
my $authority = Postern::Authority->new(directory => "$folder/ca");
my $certificate = $authority->issue('gateway.test');
# The running gateway is somebody else and reads them, too.
chmod 0755, $folder, "$folder/ca";
chmod 0644, @$certificate{qw(cert key)};
my $port = free_port();

my @order = qw(hostname listeners tls sender_groups mail_flow_policies
    recipient_access smtp_routes destinations bounce_profiles limits
    processes more);
my %base = (
	hostname => "hostname: gateway.test\n",
	listeners => "listeners:\n  public: { address: 127.0.0.1, " .
	    "port: $port }\n",
	sender_groups => "sender_groups:\n  - { name: inside, addresses: " .
	    "[127.0.0.0/8], mail_flow_policy: relay }\n",
	mail_flow_policies => "mail_flow_policies:\n  relay: { action: " .
	    "relay }\n",
	smtp_routes => "smtp_routes:\n  - { domains: [all], hosts: " .
	    "[mail.test] }\n",
);

# The line with "#!" is where the error stands; no such line: anywhere.
sub file_of {
	my (%changes) = @_;
	return $changes{whole} if defined $changes{whole};
	return join '', map { $changes{$_} // $base{$_} // '' } @order;
}

sub listener {
	my ($words) = @_;
	return (listeners => "listeners:\n  public: { $words } #!\n");
}

sub group {
	my ($words) = @_;
	return (sender_groups => "sender_groups:\n  - { $words } #!\n");
}

my $deep = ('[' x 40) . (']' x 40);
my $aliases = "a: &a [x,x,x,x,x,x,x,x,x]\n" . join '', map {
	my $before = chr(ord($_) - 1);
	"$_: &$_ [" . join(',', ("*$before") x 9) . "]\n" } 'b' .. 'i';
my $many = join "\n", map { "  - { name: g$_, addresses: [all], " .
	"mail_flow_policy: relay }" } 1 .. 1001;

# name, path or undef, words, changes
my @mistakes = (
	# Y01: YAML itself
	['Y01: an alias bomb', undef, qr/anchors and aliases/,
	    more => $aliases],
	['Y01: an alias', undef, qr/anchors and aliases/,
	    more => "limits: &x\n"],
	['Y01: a merge key', undef, qr/merge keys/,
	    more => "limits:\n  <<: x #!\n"],
	['Y01: a tag', undef, qr/tags are not allowed/,
	    hostname => "hostname: !!str gateway.test #!\n"],
	['Y01: a tag of Python', undef, qr/tags are not allowed/,
	    more => "logs: !!python/object:os.system {} #!\n"],
	['Y01: forty levels deep', undef, qr/nested more than 32 levels/,
	    more => "limits: $deep #!\n"],
	['Y01: ten thousand levels deep', undef, qr/nested more than 32/,
	    more => 'limits: ' . '[' x 10_000 . ']' x 10_000 . " #!\n"],
	['Y01: a key twice', undef, qr/"hostname" is given twice, first on/,
	    more => "hostname: other.test #!\n"],
	['Y01: a key twice, deeper', undef, qr/"port" is given twice/,
	    listeners => "listeners:\n  public:\n    port: 25\n" .
	    "    port: 26 #!\n"],
	['Y01: a listener twice', undef, qr/"public" is given twice/,
	    listeners => "listeners:\n  public: { port: 25 }\n" .
	    "  public: { port: 26 } #!\n"],
	['Y01: a tab in front', undef, qr/a tab in the indentation/,
	    more => "limits:\n\tmessage_size: 1 MB #!\n"],
	['Y01: a NUL byte', undef, qr/a NUL byte/,
	    hostname => "hostname: gate\0way.test #!\n"],
	['Y01: a control byte', undef, qr/a control character/,
	    hostname => "hostname: gate\x1b[31mway.test #!\n"],
	['Y01: Latin-1', undef, qr/not UTF-8/,
	    hostname => "# caf\xe9 #!\nhostname: gateway.test\n"],
	['Y01: UTF-16', undef, qr/NUL|not UTF-8/,
	    whole => "\xff\xfeh\0o\0s\0t\0"],
	['Y01: an empty file', undef, qr/holds no settings/, whole => ''],
	['Y01: only a comment', undef, qr/holds no settings/,
	    whole => "# nothing\n"],
	['Y01: a list', undef, qr/expected settings, such as/,
	    whole => "- hostname\n"],
	['Y01: a word', undef, qr/expected settings, such as/,
	    whole => "hostname\n"],
	['Y01: two documents', undef, qr/a second document/,
	    more => "--- #!\nhostname: other.test\n"],
	['Y01: a bracket too few', undef, qr/not valid YAML/,
	    listeners => "listeners: { public: { port: 25 }\n"],
	['Y01: a quote too few', undef, qr/not valid YAML/,
	    hostname => "hostname: \"gateway.test\n"],
	['Y01: a list as a key', undef, qr/a key must be a word|not valid/,
	    more => "? [a, b]\n: c\n"],
	['Y01: 17 MB', undef, qr/larger than 16777216 bytes|too large/,
	    more => '# ' . 'x' x 17_000_000 . "\n"],
	['Y01: a value of 1 MB', 'hostname', qr/expected a fully qualified/,
	    hostname => 'hostname: ' . 'x' x 1_000_000 . " #!\n"],
	['Y01: octal', 'listeners.public.port', qr/not "0o31"/,
	    listener('port: 0o31')],
	['Y01: leading zero', 'listeners.public.port', qr/not "0025"/,
	    listener('port: 0025')],
	['Y01: hexadecimal', 'listeners.public.port', qr/not "0x19"/,
	    listener('port: 0x19')],
	['Y01: a float', 'listeners.public.port', qr/not "1e3"/,
	    listener('port: 1e3')],
	['Y01: with underscore', 'listeners.public.port', qr/not "2_5"/,
	    listener('port: 2_5')],
	['Y01: yes is no boolean', 'logs.syslog',
	    qr/expected true or false, not "yes"/,
	    more => "logs: { syslog: yes } #!\n"],
	['Y01: True is no boolean', 'logs.syslog', qr/not "True"/,
	    more => "logs: { syslog: True } #!\n"],
	['Y01: null', 'hostname', qr/not "~"|not "null"/,
	    hostname => "hostname: null #!\n"],
	# Y02: names
	['Y02: a misspelt section', 'limit', qr/did you mean limits\?/,
	    more => "limit: { message_size: 1 MB } #!\n"],
	['Y02: a misspelt setting', 'limits.mesage_size',
	    qr/did you mean message_size\?/,
	    more => "limits:\n  mesage_size: 1 MB #!\n"],
	['Y02: an unknown setting', 'listeners.public.colour',
	    qr/unknown setting/, listener('colour: blue, port: 25')],
	['Y02: a subsystem that is not there', 'dlp',
	    qr/needs data loss prevention/, more => "dlp: {} #!\n"],
	['Y02: a file of filters that is not there', 'message_filters',
	    qr/cannot read/, more => "message_filters: no/filters #!\n"],
	['Y02: a missing section', 'listeners', qr/missing/,
	    listeners => ''],
	['Y02: a missing setting', 'sender_groups[1].mail_flow_policy',
	    qr/missing/, group('name: a, addresses: [all]')],
	['Y02: a missing value', 'listeners.public.port',
	    qr/value is missing; expected a whole number/,
	    listeners => "listeners:\n  public:\n    port: #!\n"],
	# Y02: values
	['Y02: a port too large', 'listeners.public.port',
	    qr/whole number from 1 to 65535, not "65536"/,
	    listener('port: 65536')],
	['Y02: port 0', 'listeners.public.port', qr/from 1 to 65535/,
	    listener('port: 0')],
	['Y02: a port of 20 digits', 'listeners.public.port', qr/from 1 to/,
	    listener('port: 18446744073709551641')],
	['Y02: a negative port', 'listeners.public.port', qr/from 1 to/,
	    listener('port: -25')],
	['Y02: no address', 'listeners.public.address',
	    qr/an IPv4 or IPv6 address, at most \d+ bytes, not "localhost"/,
	    listener('address: localhost')],
	['Y02: an address with zeros', 'listeners.public.address',
	    qr/not "127.000.000.001"/, listener('address: 127.000.000.001')],
	['Y02: a wrong word', 'listeners.public.tls',
	    qr/off, starttls or implicit, not "start_tls"; did you mean/,
	    listener('tls: start_tls, port: 25')],
	['Y02: a size without unit', 'limits.message_size',
	    qr/a size from 1 KB to 1 GB .*, not "1000000"/,
	    more => "limits: { message_size: 1000000 } #!\n"],
	['Y02: a size too large', 'limits.message_size', qr/to 1 GB/,
	    more => "limits: { message_size: 2 GB } #!\n"],
	['Y02: a size that wraps', 'limits.in_flight', qr/a size from/,
	    more => "limits: { in_flight: 18446744073709551617 GB } #!\n"],
	['Y02: a time without unit', 'limits.command_timeout',
	    qr/a time from 100 ms to 1 h .*, not "300"/,
	    more => "limits: { command_timeout: 300 } #!\n"],
	['Y02: a time too short', 'limits.command_timeout', qr/from 100 ms/,
	    more => "limits: { command_timeout: 1 ms } #!\n"],
	['Y02: a host name of one label', 'hostname',
	    qr/fully qualified host name/, hostname => "hostname: mail #!\n"],
	['Y02: a host name with a space', 'hostname',
	    qr/fully qualified host name/,
	    hostname => "hostname: my gateway.test #!\n"],
	['Y02: an address as host name', 'hostname',
	    qr/fully qualified host name/,
	    hostname => "hostname: 192.0.2.1 #!\n"],
	['Y02: a banner of two lines', 'listeners.public.banner',
	    qr/one line of printable ASCII/,
	    listener('banner: "a\r\n250 b"')],
	['Y02: a word for a list', 'sender_groups[1].addresses',
	    qr/a list, such as \[a, b\]/,
	    group('name: a, addresses: all, mail_flow_policy: relay')],
	['Y02: a list for a word', 'hostname', qr/not a list/,
	    hostname => "hostname: [gateway.test] #!\n"],
	['Y02: settings for a word', 'listeners.public.port',
	    qr/not settings by name/, listener('port: { a: b }')],
	['Y02: a word for a section', 'listeners.public', qr/not a single/,
	    listeners => "listeners:\n  public: 25 #!\n"],
	['Y02: no address at all', 'sender_groups[1].addresses',
	    qr/at least 1/,
	    group('name: a, addresses: [], mail_flow_policy: relay')],
	['Y02: 1001 groups', 'sender_groups', qr/at most 1000 are allowed/,
	    sender_groups => "sender_groups:\n$many\n"],
	['Y02: a name with a blank', 'listeners.a b',
	    qr/a name of letters/,
	    listeners => "listeners:\n  a b: { port: 25 } #!\n"],
	['Y02: a pattern that is none', 'recipient_access[1].patterns[2]',
	    qr/user\@domain/, recipient_access => "recipient_access:\n" .
	    "  - { patterns: [a.test, a\@b\@c], action: accept } #!\n"],
	['Y02: a next hop with a bad port', 'smtp_routes[1].hosts[1]',
	    qr/a host, host:port/, smtp_routes => "smtp_routes:\n" .
	    "  - { domains: [all], hosts: [\"mail.test:99999\"] } #!\n"],
	# Y02: what does not go together
	['Y02: no such policy', 'sender_groups[1].mail_flow_policy',
	    qr/relai/, group('name: a, addresses: [127.0.0.1], ' .
	    'mail_flow_policy: relai')],
	['Y02: no such listener', 'sender_groups[1].listeners[1]',
	    qr/nowhere/, group('name: a, addresses: [127.0.0.1], ' .
	    'listeners: [nowhere], mail_flow_policy: relay')],
	['Y02: no such bounce profile', 'destinations[1].bounce_profile',
	    qr/quick/, destinations => "destinations:\n" .
	    "  - { domains: [all], bounce_profile: quick } #!\n"],
	['Y02: TLS required where it is off',
	    'sender_groups[1].mail_flow_policy', qr/requires TLS, but it is/,
	    mail_flow_policies => "mail_flow_policies:\n" .
	    "  relay: { action: relay, tls: required }\n"],
	['Y02: TLS without a certificate', 'listeners.public.certificate',
	    qr/needs one of tls.certificates/,
	    listener('port: 25, tls: starttls')],
	['Y02: a certificate without TLS', 'listeners.public.certificate',
	    qr/tls is off/, listener('port: 25, certificate: one'),
	    tls => "tls: { certificates: { one: { certificate: " .
	    "$certificate->{cert}, key: $certificate->{key} } } }\n"],
	['Y02: no such certificate', 'listeners.public.certificate',
	    qr/two/, listener('port: 25, tls: starttls, certificate: two')],
	['Y02: a certificate file that is not there',
	    'tls.certificates.one.certificate', qr/cannot read/,
	    tls => "tls:\n  certificates:\n    one:\n" .
	    "      certificate: $folder/none.pem #!\n" .
	    "      key: $certificate->{key}\n"],
	['Y02: a certificate that is a key',
	    'tls.certificates.one.certificate', qr/holds a private key/,
	    tls => "tls:\n  certificates:\n    one:\n" .
	    "      certificate: $certificate->{key} #!\n" .
	    "      key: $certificate->{key}\n"],
	['Y02: a key that is not there', 'tls.certificates.one.key',
	    qr/no key in/, tls => "tls:\n  certificates:\n    one:\n" .
	    "      certificate: $certificate->{cert}\n" .
	    "      key: $folder/none.key #!\n"],
	['Y02: two listeners at one port', 'listeners.second',
	    qr/address and port are taken by listener "public"/,
	    listeners => "listeners:\n  public: { port: 25 }\n" .
	    "  second: { port: 25, address: 127.0.0.1 } #!\n"],
	['Y02: an open relay', 'sender_groups[1].addresses[1]',
	    qr/an open relay/, listeners => "listeners:\n  public: " .
	    "{ port: 25 }\n", group('name: a, addresses: [all], ' .
	    'mail_flow_policy: relay')],
	['Y02: an open relay in pieces', 'sender_groups[1].addresses[2]',
	    qr/an open relay/, listeners => "listeners:\n  public: " .
	    "{ port: 25 }\n", group('name: a, addresses: [0.0.0.0/1, ' .
	    '128.0.0.0/1], mail_flow_policy: relay')],
	['Y02: bits behind the prefix', 'sender_groups[1].addresses[1]',
	    qr/bits behind the prefix are set; the network is 192.0.2.0/,
	    group('name: a, addresses: [192.0.2.1/24], ' .
	    'mail_flow_policy: relay')],
	['Y02: a group that nobody reaches', 'sender_groups[2]',
	    qr/can never match/, sender_groups => "sender_groups:\n" .
	    "  - { name: a, addresses: [all], mail_flow_policy: relay }\n" .
	    "  - { name: b, addresses: [all], mail_flow_policy: relay } #!\n"],
	['Y02: a group twice', 'sender_groups[2].name',
	    qr/the name "a" is given twice/, sender_groups => "sender_groups:\n" .
	    "  - { name: a, addresses: [127.0.0.1], mail_flow_policy: " .
	    "relay }\n  - { name: a, addresses: [127.0.0.2], " .
	    "mail_flow_policy: relay } #!\n"],
	['Y02: a route that nothing reaches', 'smtp_routes[2]',
	    qr/can never match/, smtp_routes => "smtp_routes:\n" .
	    "  - { domains: [all], hosts: [a.test] }\n" .
	    "  - { domains: [b.test], hosts: [b.test] } #!\n"],
	['Y02: names without verification', 'destinations[1].tls_names',
	    qr/no effect unless tls is verified/, destinations =>
	    "destinations:\n  - { domains: [all], tls: required, " .
	    "tls_names: [a.test] } #!\n"],
	['Y02: retries that never end',
	    'bounce_profiles.default.retry_initial', qr/longer than/,
	    bounce_profiles => "bounce_profiles:\n  default: " .
	    "{ retry_initial: 2 h, retry_max: 1 h } #!\n"],
	['Y02: a message larger than memory', 'limits.in_flight',
	    qr/smaller than limits.message_size/,
	    more => "limits:\n  message_size: 10 MB\n  in_flight: 5 MB #!\n"],
	['Y02: a policy above the limit',
	    'mail_flow_policies.relay.max_message_size',
	    qr/larger than limits.message_size/, mail_flow_policies =>
	    "mail_flow_policies:\n  relay: { action: relay, " .
	    "max_message_size: 60 MB } #!\n"],
	['Y02: a socket path too long', 'processes.run_directory',
	    qr/too long: the path of a socket/, processes => "processes:\n" .
	    '  run_directory: /' . 'x' x 120 . " #!\n"],
	['Y02: resolvers and roots', 'dns.root_hints', qr/no effect beside/,
	    more => "dns: { forwarders: [127.0.0.1], root_hints: " .
	    "[127.0.0.1] } #!\n"],
);
cmp_ok(scalar @mistakes, '>', 60, 'mistakes');

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(sink => $sink);
my $version = $gateway->json('status')->{config_version};
my $shown = ($gateway->cli('config', 'show'))[1];
my $file = "$folder/wrong.yaml";

sub write_file {
	my ($content) = @_;
	open my $out, '>:raw', $file or die $!;
	print {$out} $content;
	close $out;
}

sub marked_line {
	my ($content) = @_;
	my $number = 0;
	for (split /\n/, $content) {
		$number++;
		return $number if /#!$/;
	}
	return '\d+';
}

sub examine {
	my ($name, $path, $words, %changes) = @_;
	my $content = file_of(%changes);
	my $line = marked_line($content);
	my $place = qr/\Q$file\E:$line:\d+: /;
	# Too large to have a line.
	$place = qr/\Q$file\E(?::\d+:\d+)?: / if $line eq '\d+';
	my $whole = defined $path ? qr/^$place\Q$path\E: [^\n]*$words/m :
	    qr/^$place[^\n]*$words/m;
	write_file($content);
	my ($status, $out, $err) = $gateway->cli('config', 'check', $file);
	is($status, 1, "$name: refused");
	like($err, $whole, "$name: told where and what");
	unlike($err, qr/[^\n -~]/, "$name: in printable words");
	is($out, '', "$name: nothing else");
	($status, $out, $err) = $gateway->cli('config', 'load', $file);
	is($status, 1, "$name: not loaded");
	like($err, $whole, "$name: with the same words");
	like($err, qr/The gateway goes on with what it had\.\n\z/,
	    "$name: the gateway goes on");
}

for my $mistake (@mistakes) {
	my ($name) = @$mistake;
	subtest $name => sub { examine(@$mistake) };
}

subtest 'good files are good' => sub {
	write_file(file_of());
	my ($status, $out, $err) = $gateway->cli('config', 'check', $file);
	is($status, 0, 'the base of all these') or diag $err;
	is($out, "$file: ok\n", 'said so');
	write_file("\xef\xbb\xbf" . file_of(hostname =>
	    "# caf\xc3\xa9\nhostname: 'gateway.test'\r\n"));
	($status, $out, $err) = $gateway->cli('config', 'check', $file);
	is($status, 0, 'with BOM, comments, quotes and CRLF') or diag $err;
	($status, $out, $err) = $gateway->cli('config', 'check',
	    'etc/postern.yaml');
	is(scalar(grep { !/: tls\.certificates\.\w+\.(?:certificate|key): / }
	    split /\n/, $err), 0, 'the one that we ship, but for its keys')
	    or diag $err;
};

subtest 'all mistakes at once, for programs too' => sub {
	write_file("hostname: mail\nlisteners:\n  a: { port: 0 }\n" .
	    "sender_group: []\nlimits: { header_count: 1 }\n");
	my ($status, $out) = $gateway->cli('--json', 'config', 'check',
	    $file);
	is($status, 1, 'refused');
	my $told = decode_json($out);
	ok(!$told->{ok}, 'not ok');
	my %paths = map { $_->{path} => $_ } @{ $told->{errors} };
	for my $path ('hostname', 'listeners.a.port', 'sender_group',
	    'sender_groups', 'mail_flow_policies', 'limits.header_count') {
		ok($paths{$path}, "$path is told");
	}
	is($paths{'listeners.a.port'}{line}, 3, 'with its line');
	is($paths{'listeners.a.port'}{file}, $file, 'and file');
};

subtest 'no file at all' => sub {
	for my $path ("$folder/none.yaml", $folder, '/dev/zero') {
		my ($status, undef, $err) = $gateway->cli('config', 'check',
		    $path);
		is($status, 1, "$path: refused");
		like($err, qr/\Q$path\E/, 'and named');
		($status) = $gateway->cli('config', 'load', $path);
		is($status, 1, 'not loaded either') if $path ne '/dev/zero';
	}
};

subtest 'Y03: half a file is refused, the old one stays' => sub {
	my $good = Postern::Gateway::slurp(
	    "$gateway->{directory}/postern.yaml");
	my $refused = 0;
	for (my $at = 0; $at < length $good; $at += 37) {
		write_file(substr $good, 0, $at);
		my ($status) = $gateway->cli('config', 'check', $file);
		$refused++ if $status != 0;
	}
	cmp_ok($refused, '>', 5, 'most halves are no whole');
};

is($gateway->json('status')->{config_version}, $version,
    'the running version is still the one of the start');
is(($gateway->cli('config', 'show'))[1], $shown, 'in every setting');
my $client = Postern::Smtp->new(port => $gateway->port('public'));
$client->command('EHLO client.test');
like($client->send(from => 'a@client.test', to => 'b@sink.test',
    data => "Subject: x\r\n\r\nb\r\n"), qr/^250 /, 'and mail flows');
$client->quit;
ok($sink->wait_count(1), 'to its end');
ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
