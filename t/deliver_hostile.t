#!/usr/bin/perl
# Next hops that lie, drown, stall and vanish.  Whatever they do is a
# temporary failure of that hop alone: bounded in memory and time, and
# nobody else waits.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Hop;
use Postern::Outbound qw(outbound_config deliveries outcome_of mid_of
    wait_outcomes wait_log @TROUBLE);
use Postern::Port qw(free_port wait_until);
use Postern::Smtp;

# Sends until nobody listens any more; notes how much went.
sub flood {
	my ($talk, $piece, $most) = @_;
	my $sent = 0;
	while ($sent < $most) {
		my $n = syswrite $talk->{socket}, $piece;
		last unless defined $n;
		$sent += $n;
	}
	$talk->note('flood', sent => $sent);
	return;
}

my $gigabyte = 1 << 30;
my %hostile = (
	'endless banner' => sub {
		flood($_[0], "220-and one more\r\n" x 4096, $gigabyte) },
	'line without end' => sub {
		flood($_[0], 'x' x 65536, $gigabyte) },
	'endless EHLO' => sub {
		$_[0]->dialog(ehlo => sub {
			flood($_[0], "250-X-MORE\r\n" x 8192, $gigabyte);
			return; }) },
	'endless RCPT' => sub {
		$_[0]->dialog(rcpt => sub {
			flood($_[0], "250-ok\r\n" x 8192, $gigabyte);
			return; }) },
	'long line' => sub {
		$_[0]->say('220 ' . 'x' x 600);
		$_[0]->wait_end },
	'hundred and one lines' => sub {
		$_[0]->raw("220-x\r\n" x 101 . "220 x\r\n");
		$_[0]->wait_end },
	'codes differ' => sub {
		$_[0]->raw("220-one\r\n250 other\r\n");
		$_[0]->wait_end },
	'NUL' => sub {
		$_[0]->say("220 a\0b");
		$_[0]->wait_end },
	'no digits' => sub {
		$_[0]->say('2x0 hello');
		$_[0]->wait_end },
	'code 999' => sub {
		$_[0]->say('999 hello');
		$_[0]->wait_end },
	'code 000' => sub {
		$_[0]->say('000 hello');
		$_[0]->wait_end },
	'four digits' => sub {
		$_[0]->say('2200 hello');
		$_[0]->wait_end },
	'empty lines' => sub {
		$_[0]->raw("\r\n\r\n\r\n");
		$_[0]->wait_end },
	'bare CR' => sub {
		$_[0]->raw("220 one\r220 two\r\n");
		$_[0]->wait_end },
	'another protocol' => sub {
		$_[0]->raw("SSH-2.0-OpenSSH_9.2\r\n");
		$_[0]->wait_end },
	'reply before EHLO' => sub {
		$_[0]->raw("220 hi\r\n250 all fine\r\n");
		$_[0]->wait_end },
	'reply before MAIL' => sub {
		$_[0]->dialog(ehlo => "250 hop.test\r\n250 ok\r\n250 ok\r\n" .
		    "354 go\r\n250 kept") },
	'reply before the dot' => sub {
		$_[0]->dialog(data => "354 go\r\n250 kept already") },
	'nothing at the dot' => sub { $_[0]->dialog(dot => sub { return }) },
	'hang-up' => sub { },
	'hang-up at EHLO' => sub { $_[0]->dialog(ehlo => sub { return }) },
	'hang-up at MAIL' => sub { $_[0]->dialog(mail => sub { return }) },
	'hang-up in the message' => sub {
		$_[0]->dialog(transfer => sub { $_[0]->reset }) },
	'421 at EHLO' => sub {
		$_[0]->dialog(ehlo => '421 4.3.2 closing') },
	'421 at RCPT' => sub {
		$_[0]->dialog(rcpt => sub {
			$_[0]->say('421 4.3.2 closing');
			return; }) },
	'421 at the dot' => sub {
		$_[0]->dialog(dot => '421 4.3.2 closing') },
	'reset behind the dot' => sub {
		$_[0]->dialog(dot => sub { $_[0]->reset; return }) },
	'half closed' => sub {
		$_[0]->say('220 hi');
		shutdown $_[0]{socket}, 1;
		$_[0]->wait_end },
);
my @cases = sort keys %hostile;

# Stalled at some point; the clock will tell.
my %stalls = (
	'before the banner' => sub { $_[0]->note('stalled');
	    $_[0]->wait_end },
	'one byte after another' => sub {
		$_[0]->note('stalled');
		for my $byte (split //, '220 slow hop' x 1000) {
			$_[0]->raw($byte) or last;
			select undef, undef, undef, 0.05;
		} },
	'at MAIL' => sub {
		$_[0]->dialog(mail => sub {
			$_[0]->note('stalled');
			$_[0]->wait_end;
			return; }) },
	'in the message' => sub {
		$_[0]->dialog(transfer => sub {
			$_[0]->note('stalled');
			sleep 60; }) },
);
my @stalls = sort keys %stalls;

# Accepts the message, and says so when it is told to.
my $slow_file;
sub slow_dot {
	my ($talk) = @_;
	$talk->note('at_dot');
	wait_until(30, sub { -e $slow_file });
	return '250 2.0.0 after long thought';
}

my $good = Postern::Hop->new;
$slow_file = "$good->{directory}/say-it";
my (@routes, %hop, %domain);
for my $case (@cases, @stalls) {
	$hop{$case} = Postern::Hop->new(
	    session => $hostile{$case} // $stalls{$case});
	($domain{$case} = "$case.test") =~ tr/A-Z /a-z-/;
	push @routes, [$domain{$case}, "127.0.0.1:$hop{$case}{port}"];
}
my $slow = Postern::Hop->new(session => sub {
	$_[0]->dialog(dot => \&slow_dot) });
my $silent = Postern::Hop->new(session => sub {
	my $is_first = $_[0]{number} == 1;
	$_[0]->dialog(dot => sub {
		return '250 2.0.0 kept' unless $is_first;
		$_[0]->note('at_dot');
		$_[0]->wait_end;
		return; }) });

my $gateway = Postern::Gateway->new(
    expect => [@TROUBLE, qr/event=outcome_unknown/],
    config => outbound_config(
	routes => [@routes, ['good.test', "127.0.0.1:$good->{port}"],
	    ['slow.test', "127.0.0.1:$slow->{port}"],
	    ['silent.test', "127.0.0.1:$silent->{port}"]],
	profile => "retry_initial: 1 d\nretry_max: 1 d\n" .
	    "lifetime: 30 d\n"));
my $client = Postern::Smtp->new(port => $gateway->port('public'));
$client->command('EHLO client.test');

sub submit {
	my ($to, $data) = @_;
	my $reply = $client->send(from => 'a@client.test', to => $to,
	    data => $data // "Subject: x\r\n\r\nbody\r\n");
	return mid_of($reply) // die "$to: $reply";
}

# A message for somebody else, whatever goes on.
sub others_flow {
	my ($name) = @_;
	my $mid = submit('b@good.test');
	my $done = wait_outcomes($gateway, [$mid], 5);
	return is($done && outcome_of($gateway, $mid)->{outcome},
	    'delivered', $name);
}

# ---- T01 ----

my $started = () = $gateway->log_text =~ /event=child_running/g;
# Large enough that a message is still on its way when the hop hangs up.
my $large = "Subject: x\r\n\r\n" . ('x' x 76 . "\r\n") x 40_000;
my %mid = map { $_ => submit("b\@$domain{$_}",
    /in the message/ ? $large : undef) } @cases;
ok(wait_outcomes($gateway, [values %mid], 20), 'every hop was tried');
for my $case (@cases) {
	my $outcome = outcome_of($gateway, $mid{$case}) // {};
	my $id = $case =~ /hang-up|421|reset|half|nothing/ ? 'T12' : 'T01';
	is($outcome->{outcome}, 'deferred', "$id: $case") or
	    diag explain $outcome;
	unlike($outcome->{reply} // '', qr/[^ -~]/,
	    "$id: $case, its words are printable");
}
for my $case (grep { /endless|without end/ } @cases) {
	ok($hop{$case}->wait_notes('flood', 1), "T01: $case ended");
	my ($note) = $hop{$case}->notes('flood');
	cmp_ok($note->{sent}, '<', 32 << 20,
	    "T01: $case, little of a gigabyte was taken");
}
my $ended = () = $gateway->log_text =~ /event=child_ended/g;
is($ended, 0, 'T01: no process ended over it');
for my $pid (($ENV{POSTERN_LANE} // '') eq 'sanitize' ? () :
    @{ $gateway->pids->{deliver} }) {
	my ($peak) = Postern::Gateway::slurp("/proc/$pid/status") =~
	    /^VmHWM:\s*(\d+)/m;
	cmp_ok($peak, '<', 200_000, 'T01: little memory was ever used');
}
like(outcome_of($gateway, $mid{'reset behind the dot'})->{reply},
    qr/outcome unknown/, 'T12: a reset behind the dot is called unknown');
is(scalar($hop{'reply before the dot'}->notes('message')), 0,
    'T01: a reply before the dot ends the connection');
others_flow('T01: others flow');

# ---- T12 ----

my @stalled = map { submit("b\@$domain{$_}",
    /in the message/ ? $large x 4 : undef) } @stalls;
my $slow_mid = submit('b@slow.test');
my $silent_mid = submit('b@silent.test');
ok($hop{$_}->wait_notes('stalled'), "T12: stalled $_") for @stalls;
ok($slow->wait_notes('at_dot') && $silent->wait_notes('at_dot'),
    'T12: two wait behind the dot');
others_flow('T12: others flow meanwhile');
is(scalar(grep { defined outcome_of($gateway, $_) } @stalled), 0,
    'T12: nothing is known yet');
$gateway->move_clock(290);
others_flow('T12: others flow after 4:50');
is(scalar(grep { defined outcome_of($gateway, $_) } @stalled), 0,
    'T12: patience lasts');
$gateway->move_clock(15);
ok(wait_outcomes($gateway, \@stalled), 'T12: after 5:05 it is over');
is_deeply([map { outcome_of($gateway, $_)->{outcome} } @stalled],
    [('deferred') x @stalled], 'T12: each will be tried again');
others_flow('T12: others flow after 5:05');
$gateway->move_clock(230);
others_flow('T12: others flow after 8:55');
ok(!outcome_of($gateway, $slow_mid) && !outcome_of($gateway, $silent_mid),
    'T12: behind the dot patience is longer');
open my $say, '>', $slow_file or die $!;
close $say;
ok(wait_outcomes($gateway, [$slow_mid]), 'T12: the late reply came');
is(outcome_of($gateway, $slow_mid)->{outcome}, 'delivered',
    'T12: a reply after nearly nine minutes counts');
is(scalar($slow->messages), 1, 'T12: and it was sent once');
$gateway->move_clock(70);
ok(wait_outcomes($gateway, [$silent_mid]), 'T12: after 10:05 it is over');
like(outcome_of($gateway, $silent_mid)->{reply}, qr/outcome unknown/,
    'T12: nobody knows what became of it');
is(outcome_of($gateway, $silent_mid)->{outcome}, 'deferred',
    'T12: so it is kept');
$gateway->cli('retry', $silent_mid);
ok($silent->wait_notes('message', 1), 'T12: and sent again');

$client->quit;
$gateway->finish;
done_testing;
