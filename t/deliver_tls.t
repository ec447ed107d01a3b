#!/usr/bin/perl
# The TLS rule of a destination against next hops that offer, refuse, break
# and misuse TLS.  Mail that needs TLS never leaves in clear.
use strict;
use warnings;
use lib 't/lib';
use IO::Socket::SSL ();	# once, not in every session
use Test::More;
use Postern::Authority;
use Postern::Gateway;
use Postern::Hop;
use Postern::Outbound qw(outbound_config deliveries outcome_of mid_of
    wait_outcomes @TROUBLE);
use Postern::Port qw(wait_until);
use Postern::Smtp;

my $authority = Postern::Authority->new;
my $stranger = Postern::Authority->new(name => 'Somebody Else');
my $name = 'mx.good.test';

# "mx.good.test", NUL, ".evil.test" as one dNSName.
my $nul = unpack 'H*', "mx.good.test\0.evil.test";
my $nul_length = length($nul) / 2;
my $nul_name = sprintf 'DER:30:%02x:82:%02x:%s', $nul_length + 2,
    $nul_length, join ':', $nul =~ /../g;

my %certificates = (
	good => $authority->issue($name, file => 'good'),
	wrong_name => $authority->issue('mx.other.test', file => 'wrong'),
	expired => $authority->issue($name, file => 'expired', days => -1),
	unknown_ca => $stranger->issue($name, file => 'stranger'),
	self_signed => self_signed(),
	cn_only => $authority->issue($name, file => 'cn', subject_only => 1),
	wildcard => $authority->issue('wild', file => 'wild',
	    names => ['*.good.test']),
	wildcard_partial => $authority->issue('part', file => 'part',
	    names => ['m*.good.test']),
	wildcard_deep => $authority->issue('deep', file => 'deep',
	    names => ['*.*.test', '*.test']),
	address => $authority->issue($name, file => 'ip',
	    alternative => 'IP:127.0.0.1'),
	nul => $authority->issue('mx.evil.test', file => 'nul',
	    alternative => $nul_name),
);

sub self_signed {
	my $d = $authority->{directory};
	Postern::Authority::run(qw(openssl req -x509 -newkey ec -pkeyopt
	    ec_paramgen_curve:prime256v1 -nodes -days 30 -subj),
	    "/CN=$name", '-addext', "subjectAltName=DNS:$name", '-keyout',
	    "$d/self.key", '-out', "$d/self.pem");
	return { cert => "$d/self.pem", key => "$d/self.key" };
}

# Mail in clear is noted before anything else is known of it.
sub clear_mail {
	my ($talk, $argument) = @_;
	$talk->note('clear_mail', argument => $argument)
	    if $talk->{tls} eq '';
	return '250 2.1.0 ok';
}

sub offers {
	my ($tls, %more) = @_;
	return sub { $_[0]->dialog(tls => $tls, mail => \&clear_mail, %more) };
}

# Sent in place of a ServerHello: the alert handshake_failure.
my $alert = "\x15\x03\x03\x00\x02\x02\x28";

sub behind_starttls {
	my ($code) = @_;
	return offers($certificates{good}, starttls => sub {
		my ($talk) = @_;
		$code->($talk);
		return;
	});
}

my %sessions = (
	no_starttls => sub { $_[0]->dialog(mail => \&clear_mail) },
	refused_454 => offers($certificates{good},
	    starttls => '454 4.7.0 TLS not available'),
	refused_501 => offers($certificates{good}, starttls => '501 5.5.4 no'),
	alert => behind_starttls(sub {
		$_[0]->say('220 go');
		$_[0]->raw($alert);
		$_[0]->wait_end;
	}),
	garbage => behind_starttls(sub {
		$_[0]->say('220 go');
		$_[0]->say('what handshake?');
		$_[0]->wait_end;
	}),
	drop => behind_starttls(sub { $_[0]->say('220 go') }),
	reset => behind_starttls(sub {
		$_[0]->say('220 go');
		sysread $_[0]{socket}, my $hello, 1;
		$_[0]->reset;
	}),
	injected => behind_starttls(sub {
		$_[0]->raw("220 go\r\n250-x\r\n250 PIPELINING\r\n");
		$_[0]->wait_end;
	}),
	map({ ($_ => offers($certificates{$_})) } keys %certificates),
);

# What each level makes of each hop: sent over TLS, in clear, or kept.
my %verified = (good => 'tls', wildcard => 'tls');
sub expected {
	my ($level, $case) = @_;
	my $has_tls = exists $certificates{$case};
	return 'clear' if $level eq 'none';
	return $has_tls ? 'tls' : 'clear' if $level eq 'preferred';
	return $has_tls ? 'tls' : 'deferred' if $level eq 'required';
	return $verified{$case} // 'deferred';
}

my %hops = map { $_ => Postern::Hop->new(session => $sessions{$_}) }
    sort keys %sessions;
my @levels = qw(none preferred required verified);

sub domain_of { (my $d = "$_[0]-$_[1].test") =~ tr/_/-/; $d }

sub configuration {
	my ($first) = @_;
	my (@routes, $rules);
	for my $level (@levels) {
		$rules .= "- domains: [" . join(', ', map {
		    domain_of($level, $_) } sort keys %hops) .
		    "]\n  tls: $level\n" . ($level eq 'verified' ?
		    "  tls_names: [$name]\n" : '');
		push @routes, map { [domain_of($level, $_),
		    "127.0.0.1:$hops{$_}{port}"] } sort keys %hops;
	}
	push @routes, ['changing.test',
	    "127.0.0.1:$hops{no_starttls}{port}"], ['name.test',
	    "127.0.0.1:$hops{good}{port}"];
	return outbound_config(routes => \@routes,
	    destinations => $first . $rules,
	    profile => "retry_initial: 1 h\nretry_max: 1 h\n" .
		"lifetime: 72 h\n",
	    extra => "tls:\n  trust:\n    system: false\n" .
		"    files: [ca.pem]\n");
}

my $gateway = Postern::Gateway->new(expect => [@TROUBLE],
    config => configuration("- domains: [changing.test]\n  tls: none\n"),
    files => { 'ca.pem' =>
	Postern::Gateway::slurp($authority->{certificate}) });
my $client = Postern::Smtp->new(port => $gateway->port('public'));
$client->command('EHLO client.test');

sub submit {
	my ($to) = @_;
	my $reply = $client->send(from => '', to => $to,
	    data => "Subject: $to\r\n\r\nbody\r\n");
	return mid_of($reply) // die "$to: $reply";
}

my %mid;
for my $level (@levels) {
	$mid{$level}{$_} = submit('b@' . domain_of($level, $_))
	    for sort keys %hops;
}
ok(wait_outcomes($gateway, [map { values %$_ } values %mid], 30),
    'every message has an outcome');

sub sent_how {
	my ($outcome) = @_;
	return 'nothing' unless $outcome;
	return $outcome->{outcome} unless $outcome->{outcome} eq 'delivered';
	return $outcome->{tls} =~ /^TLSv1\.[23]/ ? 'tls' : 'clear';
}

for my $level (@levels) {
	for my $case (sort keys %hops) {
		my $outcome = outcome_of($gateway, $mid{$level}{$case});
		my $id = exists $certificates{$case} ? 'T04' : 'T03';
		is(sent_how($outcome), expected($level, $case),
		    "$id: $level, $case") or diag $outcome->{line};
	}
}

# ---- what the hops saw ----

for my $case (sort keys %hops) {
	my @clear = map { $_->{to}[0] } grep { $_->{tls} eq '' }
	    $hops{$case}->messages;
	is_deeply([grep { /^b\@(?:required|verified)-/ } @clear], [],
	    "T03: nothing that needs TLS came in clear, $case");
	# One greeting in clear for each message whose level allows that.
	my $allowed = $case =~ /^(?:no_starttls|refused)/ ||
	    !exists $certificates{$case} ? 2 : 1;
	cmp_ok(scalar($hops{$case}->notes('clear_mail')), '<=', $allowed,
	    "T03: not even MAIL was said in clear, $case");
}

my %words = (no_starttls => qr/STARTTLS is not offered/,
    refused_454 => qr/454/, alert => qr/handshake/,
    good => undef, expired => qr/expired/, cn_only => qr/name|host/i,
    self_signed => qr/self.signed/i, wrong_name => qr/name|host/i,
    unknown_ca => qr/issuer|authority|chain/i);
for my $case (grep { $words{$_} } sort keys %words) {
	my $outcome = outcome_of($gateway, $mid{verified}{$case});
	like($outcome->{reply}, $words{$case}, "T04: $case is told");
}

# ---- the level changes while a connection is kept ----

ok(wait_until(10, sub {
	grep { $_->{mid} == $mid{none}{good} } deliveries($gateway) }),
    'so far so good');
my $before = submit('b@changing.test');
ok(wait_outcomes($gateway, [$before]), 'delivered in clear');
is(sent_how(outcome_of($gateway, $before)), 'clear', 'as it should');

sub change {
	my ($rule) = @_;
	my $changes = () = $gateway->log_text =~ /event=config_active/g;
	$gateway->configure(configuration($rule));
	$gateway->reload;
	return wait_until(15, sub {
		my $now = () = $gateway->log_text =~ /event=config_active/g;
		return $now > $changes;
	});
}

ok(change("- domains: [changing.test]\n  tls: required\n"),
    'TLS is required from now on');
my $after = submit('b@changing.test');
ok(wait_outcomes($gateway, [$after]), 'there is an outcome');
is(sent_how(outcome_of($gateway, $after)), 'deferred',
    'T03: the connection kept from before is not used');

ok(change("- domains: [changing.test]\n  tls: preferred\n"), 'preferred');
$gateway->cli('retry', $after);
ok(wait_until(10, sub { grep { $_->{outcome} eq 'delivered' }
    deliveries($gateway, $after) }), 'a looser rule lets it go');

ok(change("- domains: [changing.test]\n  tls: none\n" .
    "- domains: [name.test]\n  tls: verified\n" .
    "  tls_names: [somebody.test]\n"), 'another name is expected');
my $named = submit('b@name.test');
ok(wait_outcomes($gateway, [$named]), 'there is an outcome');
is(sent_how(outcome_of($gateway, $named)), 'deferred',
    'T04: a good certificate with another name than asked for');

$client->quit;
$gateway->finish;
done_testing;
