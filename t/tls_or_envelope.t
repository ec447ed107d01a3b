#!/usr/bin/perl
# "TLS or envelope": the destination's TLS level, what the next hop can do and
# what the filter asks for, against scripted hops and Postfix.  What is
# protected never leaves in clear, and nobody chooses its form by cutting
# connections.
use strict;
use warnings;
use lib 't/lib';
use File::Temp qw(tempdir);
use IO::Socket::SSL ();	# once, not in every session
use Test::More;
use Postern::Authority;
use Postern::Gateway;
use Postern::Hop;
use Postern::Nsd;
use Postern::Outbound qw(deliveries mid_of @TROUBLE);
use Postern::Peer;
use Postern::Port qw(free_port wait_until);
use Postern::Protection;
use Postern::Smtp;

my $no_names = Postern::Nsd::missing();
plan skip_all => $no_names if $no_names;

my $authority = Postern::Authority->new;
my $good = $authority->issue('good.hops.test', file => 'good',
    names => ['good.hops.test', 'postfixtls.hops.test'], key => 'rsa');
my $other = $authority->issue('elsewhere.test', file => 'other');

# ---- next hops --------------------------------------------------------------

sub offers {
	my ($tls, %more) = @_;
	return sub { $_[0]->dialog(tls => $tls, %more) };
}

sub behind_starttls {
	my ($code) = @_;
	return offers($good, starttls => sub {
		$_[0]->say('220 go');
		$code->($_[0]);
		return;
	});
}

# Sent in place of a ServerHello: the alert handshake_failure.
my $alert = "\x15\x03\x03\x00\x02\x02\x28";

sub cut_handshake {
	my ($talk) = @_;
	sysread $talk->{socket}, my $hello, 1;
	$talk->reset;
}

my %sessions = (
	good => offers($good),
	other => offers($other),
	none => sub { $_[0]->dialog },
	refused => offers($good, starttls => '454 4.7.0 TLS not available'),
	# Behind the ClientHello: what comes before is no TLS.
	alert => behind_starttls(sub {
		sysread $_[0]{socket}, my $hello, 65536;
		$_[0]->raw($alert);
		$_[0]->wait_end;
	}),
	reset => behind_starttls(\&cut_handshake),
	drop => behind_starttls(sub { }),
);
# Somebody cuts the first handshakes, then goes away.
my $attacked = sub {
	my ($talk) = @_;
	$talk->dialog(tls => $good, ($talk->{number} > 2 ? () :
	    (starttls => sub {
		$_[0]->say('220 go');
		cut_handshake($_[0]);
		return;
	})));
};
my %hops = map { $_ => Postern::Hop->new(session => $sessions{$_}) }
    sort keys %sessions;
$hops{attacked} = Postern::Hop->new(session => $attacked);
my $away = free_port();

# With TLS at all, and with the name that is asked for.
my %speaks = map { $_ => 1 } qw(good other postfixtls);
my %verifies = map { $_ => 1 } qw(good postfixtls);
my %broken = map { $_ => 1 } qw(reset drop);

# Table 2, with the failures that it does not tell apart.
sub expected {
	my ($level, $hop, $rule) = @_;
	my $over = $level ne 'none' && $speaks{$hop} ? 'tls' : 'clear';
	if ($level eq 'required') {
		return 'nothing' unless $speaks{$hop};
		return $rule eq 'always' ? 'envelope tls' : 'message tls';
	}
	return "envelope $over" if $rule eq 'always' || $level eq 'none';
	return 'message tls' if $rule eq 'verified' ? $verifies{$hop} :
	    $speaks{$hop};
	return $broken{$hop} ? 'nothing' : "envelope $over";
}

# ---- Postfix ----------------------------------------------------------------

my (%peers, $missing);
$missing = Postern::Peer::missing();
for my $kind ($missing ? () : qw(postfixtls postfix)) {
	($peers{$kind}, $missing) = Postern::Peer->new(kind => 'postfix',
	    ($kind eq 'postfixtls' ? (tls => $good) : ()));
	last unless $peers{$kind};
}
delete @peers{keys %peers} if $missing;

# ---- the gateway ------------------------------------------------------------

my @levels = qw(none preferred required);
my @rules = qw(always either verified);
my @next = ((sort keys %sessions), sort keys %peers);

# Hops have names, for certificates have; one zone gives no answers.
my $nsd = Postern::Nsd->new(zones => { 'hops.test' => join('', map {
    "$_ A 127.0.0.1\n" } keys %hops, keys %peers, 'away'),
    'mute.test' => undef });
my %ports = (away => $away, (map { $_ => $hops{$_}{port} } keys %hops),
    map { $_ => $peers{$_}{port} } keys %peers);
my %routes = map {
	my $level = $_;
	map { ("$level-$_.test" => [$_]) } @next;
} @levels;
# More than one host, where TLS is preferred.
%routes = (%routes,
	'preferred-attacked.test' => ['attacked'],
	'preferred-away.test' => ['none', 'away'],
	'preferred-mute.test' => ['none', 'mute'],
	'preferred-second.test' => ['none', 'good'],
	'preferred-nobody.test' => ['none', 'refused'],
	'clear.test' => ['none'],
);
my $routes = join '', map {
	my $hosts = join ', ', map { $_ eq 'mute' ? '"mx.mute.test:25"' :
	    "\"$_.hops.test:$ports{$_}\"" } @{ $routes{$_} };
	"  - domains: [$_]\n    hosts: [$hosts]\n";
} sort keys %routes;
my $destinations = join '', map {
	my $domain = $_;
	my ($level) = /^(none|preferred|required)-/;
	"  - domains: [$domain]\n    tls: " . ($level // 'none') . "\n";
} sort keys %routes;
my $filters = join '', map { <<"YAML" } [always => 'default", "Secure mail'],
    - name: $_->[0]
      conditions: ['subject == "^\\[$_->[0]\\]"']
      actions: ['encrypt("$_->[1]")']
YAML
    [either => 'default", "Secure mail", "tls'],
    [verified => 'strict", "Secure mail", "tls'];

my $protection = Postern::Protection->new(authority => $authority,
    routes => $routes, destinations => $destinations, filters => $filters,
    profile => "    strict:\n      tls_verified: true\n",
    more => "dns:\n  forwarders: [\"127.0.0.1\@$nsd->{port}\"]\n",
    expect => [@TROUBLE], start => 0);
my $gateway = $protection->gateway;
# Keys belong to who uses them.
for my $key (glob "$authority->{directory}/*.key") {
	chown 65534, 65534, $key if $> == 0;
	chmod 0600, $key;
}
$gateway->start or BAIL_OUT($gateway->log_text);

# ---- what goes over the wire ------------------------------------------------

my $wire = tempdir(CLEANUP => 1);
my $tcpdump;
if ($> == 0 && grep { -x "$_/tcpdump" } split /:/, $ENV{PATH}) {
	my $filter = join ' or ', map { "tcp port $_" } sort values %ports;
	$tcpdump = fork // die "fork: $!";
	if ($tcpdump == 0) {
		open STDERR, '>', "$wire/words" or die $!;
		no warnings 'exec';
		exec qw(tcpdump -i lo -U -s 0 -B 16384 -Z root -w),
		    "$wire/packets", $filter;
		POSIX::_exit(127);
	}
	wait_until(10, sub {
		Postern::Gateway::slurp("$wire/words") =~ /listening on/ });
}

# ---- mail -------------------------------------------------------------------

my $client = Postern::Smtp->new(port => $gateway->port('public'));
$client->command('EHLO client.test');

sub address { "$_[1]\@$_[0]" }

# The subject's tag chooses the filter; the body is what nobody may see.
sub submit {
	my ($rule, @to) = @_;
	my $secret = "secret of $to[0]";
	my $reply = $client->send(from => 'a@client.test', to => \@to,
	    data => join "\r\n", 'From: a@client.test', "To: $to[0]",
	    "Subject: [$rule] $secret", '', $secret, '');
	return mid_of($reply) // die "$to[0]: $reply";
}

# [domain, rule, expected]
my @cases;
for my $level (@levels) {
	for my $hop (@next) {
		push @cases, map { ["$level-$hop.test", $_,
		    expected($level, $hop, $_)] } @rules;
	}
}
push @cases, ['preferred-away.test', 'either', 'nothing'],
    ['preferred-mute.test', 'either', 'nothing'],
    ['preferred-second.test', 'either', 'message tls'],
    ['preferred-nobody.test', 'either', 'envelope clear'],
    ['preferred-attacked.test', 'either', 'message tls'],
    ['clear.test', 'plain', 'message clear'];

my %mid = map { address(@$_) => submit($_->[1], address(@$_)) } @cases;

# Its recipients need two forms: one message becomes two.
my @both = ('both@preferred-good.test', 'both@preferred-none.test',
    'both@none-good.test');
my $both = submit('either', @both);

# Everything that arrived: address => ["form way", ...]
sub arrived {
	my %found;
	my $note = sub {
		my ($data, $tls, @to) = @_;
		my $form = $data =~ /securedoc/ ? 'envelope' : 'message';
		push @{ $found{$_} }, $form . ($tls ? ' tls' : ' clear')
		    for @to;
	};
	for my $hop (values %hops) {
		$note->($_->{data}, $_->{tls} ne '', @{ $_->{to} })
		    for $hop->messages;
	}
	for my $peer (values %peers) {
		for my $data ($peer->messages) {
			my ($to) = $data =~ /^Delivered-To: (\S+)/mi;
			my ($top) = $data =~ /^(Received:.*\n(?:\s.*\n)*)/m;
			$note->($data, ($top // '') =~ /using TLSv1/ ? 1 : 0,
			    $to // 'nobody');
		}
	}
	return \%found;
}

my %wanted = map { address(@$_) => $_->[2] } @cases;
my %split = ($both[0] => 'message tls', $both[1] => 'envelope clear',
    $both[2] => 'envelope clear');
my @sent = grep { ($wanted{$_} // $split{$_}) ne 'nothing' }
    keys %wanted, keys %split;
my @kept = grep { $wanted{$_} eq 'nothing' } keys %wanted;

ok(wait_until(60, sub {
	my $found = arrived();
	return !grep { !$found->{$_} } @sent;
}), 'what can be sent has arrived');
# Also tried a second time, an hour of resets would not change it.
ok(wait_until(60, sub {
	my %tried;
	$tried{ $_->{mid} }++ for $gateway->events('deferred');
	return !grep { ($tried{ $mid{$_} } // 0) < 2 } @kept;
}), 'what cannot has been tried twice');

my $found = arrived();
for my $case (@cases) {
	my ($domain, $rule, $wanted) = @$case;
	my $got = join ' and ', @{ $found->{ address(@$case) } //
	    ['nothing'] };
	is($got, $wanted, "X14, T03: $domain, $rule: $wanted") or diag map {
	    "$_->{line}\n" } deliveries($gateway, $mid{ address(@$case) });
}
for my $to (@both) {
	is(join(' and ', @{ $found->{$to} // ['nothing'] }), $split{$to},
	    "two forms of one message: $to");
}

# ---- how it is told ---------------------------------------------------------

for my $to (sort @kept) {
	my $story = $gateway->json('message', $mid{$to});
	my $queue = $story && $story->{queue};
	ok($queue, "$to is still in the queue") or next;
	is($queue->{recipients}[0]{state}, 'live', 'waits');
	my ($rule) = $to =~ /^(\w+)/;
	is($queue->{protection}{form}, $rule eq 'always' ? 'envelope' :
	    'tls-or-envelope', 'with the protection that it needs');
	is(!!$queue->{protection}{done}, $rule eq 'always',
	    'which is there only where it is not left to TLS');
	is($queue->{recipients}[0]{status} =~ /^4\./ ? 1 : 0, 1,
	    'the trouble is temporary');
}
my $story = $gateway->json('message', $both);
ok($story && $story->{found}, 'the split message has a story');
cmp_ok(scalar(grep { /\bsplit\b.* parent=$both / } @{ $story->{events} }), '>',
    0, 'in which what was split from it is named');
is_deeply($gateway->json('queue', '--encryption')->{messages}, [],
    'the encryption queue is empty');

# ---- the wire ---------------------------------------------------------------

SKIP: {
	skip 'no tcpdump, or not root', 3 unless $tcpdump;
	kill 'INT', $tcpdump;
	waitpid $tcpdump, 0;
	my $packets = Postern::Gateway::slurp("$wire/packets");
	my %seen = map { $_ => 1 } $packets =~ /secret of (\S+\@[\w.-]+)/g;
	ok(delete $seen{'plain@clear.test'},
	    'the capture sees what may be seen');
	is_deeply([sort keys %seen], [],
	    'T03: nothing else was in clear on the wire');
	unlike(Postern::Gateway::slurp("$wire/words"),
	    qr/^[1-9]\d* packets? dropped by kernel/m, 'it has seen all');
}
SKIP: {
	skip "Postfix: $missing", 1 if $missing;
	is_deeply([grep { !$found->{ address(@$_) } && $_->[2] ne 'nothing' }
	    grep { $_->[0] =~ /postfix/ } @cases], [], 'Postfix took all');
}

$client->quit;
$gateway->cli('delete', '--all');
ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
