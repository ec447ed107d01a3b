#!/usr/bin/perl
# Where the DNS says that mail goes, from a real name server.
use strict;
use warnings;
use lib 't/lib';
use IO::Socket::SSL ();	# once, not in every session
use Test::More;
use Postern::Authority;
use Postern::Gateway;
use Postern::Hop;
use Postern::Nsd;
use Postern::Outbound qw(outbound_config deliveries outcome_of mid_of
    wait_outcomes @TROUBLE);
use Postern::Port qw(wait_until);
use Postern::Report;
use Postern::Sink;
use Postern::Smtp;

my $missing = Postern::Nsd::missing();
plan skip_all => $missing if $missing;
# Mail by MX goes to port 25, here of addresses that nobody else uses.
my $net = '127.' . (64 + $$ % 128) . '.' . ($$ >> 7 & 255);
plan skip_all => 'needs the right to listen on port 25'
    unless IO::Socket::IP->new(LocalHost => "$net.250", LocalPort => 25,
    Listen => 1, ReuseAddr => 1);

my %address = map { $_->[0] => "$net.$_->[1]" } ['a', 1], ['b', 2],
    ['c', 3], ['s1', 11], ['s2', 12], ['s3', 13], ['s4', 14], ['dead', 99];
my %hop = map { $_ => Postern::Hop->new(host => $address{$_}, port => 25) }
    grep { $_ ne 'dead' } keys %address;
my $authority = Postern::Authority->new;
my $certificate = $authority->issue('mail.route.test');
my $routed = Postern::Hop->new(session => sub {
	$_[0]->dialog(tls => $certificate, mail => sub {
		my ($talk) = @_;
		my $name = $talk->{socket}->can('get_servername') ?
		    $talk->{socket}->get_servername : '';
		$talk->note('sni', name => $name);
		return '250 2.1.0 ok'; });
});
my $six = eval { Postern::Hop->new(host => '::1') };
my $sink = Postern::Sink->new;

my $spread = join '', map { "spread$_ MX 10 s1\nspread$_ MX 10 s2\n" .
    "spread$_ MX 10 s3\nspread$_ MX 10 s4\n" } 1 .. 16;
my $many = join '', map { "many MX " . ($_ + 10) . " n$_\nn$_ A " .
    "$address{dead}\nlast MX $_ n$_\n" } 1 .. 149;
my $zone = join('', map { "$_ A $address{$_}\n" } sort keys %address) .
    $spread . $many . <<"END";
order MX 10 dead
order MX 20 b
order MX 30 c
prefer MX 20 b
prefer MX 10 a
implicit A $address{a}
text TXT "neither address nor MX"
both A $address{a}
both MX 10 nothere
null A $address{a}
null MX 0 .
alias CNAME prefer
mxalias MX 10 other-name
other-name CNAME a
self MX 10 gateway
self MX 20 a
better MX 5 a
better MX 10 gateway
better MX 20 b
gateway A $address{b}
many MX 1 a
last MX 1000 a
iptext MX 10 $address{a}.
loop1 CNAME loop2
loop2 CNAME loop1
localhost-mx MX 10 nowhere-host
nowhere-host A 0.0.0.0
half MX 10 mixed
mixed AAAA 2001:db8::1
mixed A $address{a}
xn--bcher-kva MX 10 a
sometimes MX 10 a
other.rooted MX 10 a
frozen MX 10 a
mail.route A 127.0.0.1
gone.route TXT "no address"
six.route AAAA ::1
END
my $nsd = Postern::Nsd->new(zones => { test => $zone,
    'broken.test' => undef });

sub configuration {
	my ($dns) = @_;
	return outbound_config(
	    routes => [['client.test', "127.0.0.1:$sink->{port}"],
	    ['by-name.test', "mail.route.test:$routed->{port}"],
	    ['by-missing-name.test', 'nothing.route.test:2525'],
	    ['by-empty-name.test', 'gone.route.test:2525'],
	    $six ? (['by-six.test', "six.route.test:$six->{port}"],
	    ['by-literal.test', "[::1]:$six->{port}"]) : ()],
	    destinations => "- domains: [by-name.test]\n  tls: verified\n",
	    profile => "retry_initial: 1 d\nretry_max: 1 d\n" .
		"lifetime: 30 d\n",
	    limits => "connect_timeout: 3 s\n",
	    extra => "dns:\n$dns  timeout: 3 s\n" .
		"tls:\n  trust:\n    system: false\n" .
		"    files: [ca.pem]\n");
}

my $gateway = Postern::Gateway->new(
    expect => [@TROUBLE],
    files => { 'ca.pem' =>
	Postern::Gateway::slurp($authority->{certificate}) },
    config => configuration("  forwarders: [\"127.0.0.1\@$nsd->{port}\"]\n"));
my $client = Postern::Smtp->new(port => $gateway->port('public'));
$client->command('EHLO client.test');

sub submit {
	my ($to, %o) = @_;
	my $reply = $client->send(from => 'a@client.test', to => $to,
	    data => "Subject: $to\r\n\r\nbody\r\n", %o);
	return mid_of($reply) // die "$to: $reply";
}

# domain => outcome and host, or words and status; id and what it shows
my @cases = (
	['order', 'delivered', 'b', 'T10: a dead host, then the next'],
	['prefer', 'delivered', 'a', 'T10: the lowest preference first'],
	['PREFER', 'delivered', 'a', 'T10: in any case'],
	['implicit', 'delivered', 'a', 'T10: an address alone'],
	['alias', 'delivered', 'a', 'T10: a domain that is an alias'],
	['mxalias', 'delivered', 'a', 'T10: an exchanger that is one'],
	['better', 'delivered', 'a', 'T11: only hosts better than we'],
	['many', 'delivered', 'a', 'T10: 150 exchangers'],
	['half', 'delivered', 'a', 'T10: one family does not work'],
	["b\xc3\xbccher", 'delivered', 'a', 'T10: a name in UTF-8'],
	['nosuch', 'failed', '5.1.2', 'T10: there is no such domain'],
	['null', 'failed', '5.1.10', 'T10: null MX'],
	['text', 'failed', '5.4.4', 'T10: neither MX nor address'],
	['both', 'failed', '5.4.4', 'T10: no address for the MX'],
	['iptext', 'failed', '5.4.4', 'T10: an address in place of a name'],
	['localhost-mx', 'failed', '5.4.4', 'T10: the address 0.0.0.0'],
	['self', 'failed', '5.4.6', 'T11: the best MX is this gateway'],
	['x.broken', 'deferred', qr/looked up|name server/,
	    'T10: the zone cannot be had'],
	['loop1', 'deferred', qr/./, 'T10: a circle of aliases'],
	['last', 'deferred', qr/connect/,
	    'T10: the 150th exchanger is one too many'],
	['by-name', 'delivered', undef, 'a route by name, verified'],
	['by-missing-name', 'deferred', qr/./,
	    'a route without a host is a mistake to be mended'],
	['by-empty-name', 'deferred', qr/./,
	    'a route without an address, too'],
	$six ? (['by-six', 'delivered', undef, 'IPv6 by name'],
	    ['by-literal', 'delivered', undef, 'IPv6 by address']) : (),
);
my %mid;
for my $case (@cases) {
	my $utf8 = $case->[0] =~ /[\x80-\xff]/;
	$mid{ $case->[0] } = submit("b\@$case->[0].test",
	    $utf8 ? (mail => 'SMTPUTF8') : ());
}
$mid{"spread$_"} = submit("b\@spread$_.test") for 1 .. 16;
ok(wait_outcomes($gateway, [values %mid], 30), 'all were tried') or
    diag join ' ', grep { !outcome_of($gateway, $mid{$_}) } keys %mid;
$sink->wait_count(scalar grep { $_->[1] eq 'failed' } @cases);
my %reports;
for my $report (Postern::Report::all_of($sink)) {
	for my $fields (@{ $report->{recipients} }) {
		my $to = Postern::Report::value($fields, 'Final-Recipient');
		$reports{ lc $to =~ s/^.*@//r } = $fields;
	}
}

sub hosts_that_got {
	my ($to) = @_;
	return join ' ', grep { grep { $_->{to}[0] eq $to }
	    $hop{$_}->messages } sort keys %hop;
}

for my $case (@cases) {
	my ($domain, $outcome, $detail, $name) = @$case;
	my $got = outcome_of($gateway, $mid{$domain}) // {};
	is($got->{outcome}, $outcome, $name) or diag explain $got;
	my $at = hosts_that_got("b\@$domain.test");
	if ($outcome eq 'delivered') {
		is($at, $detail, "$name: at the right host") if $detail;
	} elsif ($outcome eq 'failed') {
		my $fields = $reports{"$domain.test"} // [];
		is(Postern::Report::value($fields, 'Status'), $detail,
		    "$name: $detail") or diag $got->{reply};
		is($at, '', "$name: nobody got it");
	} else {
		like($got->{reply}, $detail, "$name: its words");
		is($at, '', "$name: nobody got it");
	}
}
my %used = map { hosts_that_got("b\@spread$_.test") => 1 } 1 .. 16;
cmp_ok(scalar keys %used, '>=', 3,
    'T10: equal preferences share the load');
my ($taken) = $routed->messages;
like($taken->{tls}, qr/^TLSv1/, 'the route by name went over TLS');
is(($routed->notes('sni'))[0]{name}, 'mail.route.test',
    'and told the name that it expects');
SKIP: {
	skip 'no ::1 here', 1 unless $six;
	is(scalar($six->messages), 2, 'IPv6 next hops got theirs');
}

# ---- the name server goes and comes ----

$nsd->freeze;
my $frozen = submit('b@frozen.test');
my $absent = submit('b@nosuch-either.test');
ok(wait_outcomes($gateway, [$frozen, $absent], 15),
    'T10: a server that hangs costs limited time');
is(outcome_of($gateway, $_)->{outcome}, 'deferred',
    'T10: no answer is not an absence') for $frozen, $absent;
$nsd->thaw;
$nsd->stop;
my $sometimes = submit('b@sometimes.test');
ok(wait_outcomes($gateway, [$sometimes], 15), 'T10: it is stopped');
is(outcome_of($gateway, $sometimes)->{outcome}, 'deferred',
    'T10: no server is not an absence');
my $literal = submit("b\@[$address{c}]");
ok(wait_outcomes($gateway, [$literal], 10), 'T10: no name, no server');
is(outcome_of($gateway, $literal)->{outcome}, 'delivered',
    'T10: an address literal needs no name server');
$nsd->start;
my @waiting = ($frozen, $sometimes);

sub has_outcome {
	my ($mid, $name) = @_;
	return grep { $_->{outcome} eq $name } deliveries($gateway, $mid);
}

# Every round is ten seconds later for the gateway.
ok(wait_until(20, sub {
	$gateway->move_clock(10);
	$gateway->cli('retry', '--all');
	return wait_until(1, sub {
		has_outcome($absent, 'failed') &&
		    !grep { !has_outcome($_, 'delivered') } @waiting });
}), 'T10: the server is back, and so is the mail');
ok(has_outcome($absent, 'failed'), 'T10: the absence is known now');
# ---- root servers of a closed network ----

my $changes = () = $gateway->log_text =~ /event=config_active/g;
$gateway->configure(configuration("  root_hints: [127.0.0.1]\n" .
    "  port: $nsd->{port}\n"));
$gateway->reload;
ok(wait_until(15, sub {
	my $now = () = $gateway->log_text =~ /event=config_active/g;
	return $now > $changes;
}), 'root servers in place of forwarders');
my $rooted = submit('b@other.rooted.test');
ok(wait_outcomes($gateway, [$rooted], 15), 'a name not asked for before');
is(outcome_of($gateway, $rooted)->{outcome}, 'delivered',
    'T10: resolved by the own root server');
$client->quit;
$gateway->finish;
done_testing;
