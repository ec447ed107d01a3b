#!/usr/bin/perl
# The encryption queue: while the key service is away or slow nothing leaves
# unprotected and nothing is lost; behind the timeout the sender is told.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Port qw(free_port wait_until);
use Postern::Protection;
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $nobody = free_port();
my $trial = Postern::Protection->new(hosts => "127.0.0.1:$sink->{port}",
    expect => [map { qr/event=$_\b/ } qw(failed encryption_timeout
	encryption_deferred protect_later key_service_failed child_ended
	crash_charged set_aside protect_channel_lost)],
    profile => <<"YAML",
      timeout: 4 h
    away:
      key_service_url: https://127.0.0.1:$nobody
      timeout: 1 h
      failure_subject: Your message could not be encrypted in time
YAML
    filters => <<'YAML');
    - name: away
      conditions: ['subject == "away"']
      actions: ['encrypt("away")']
    - name: secure
      conditions: ['subject == "secure"']
      actions: ['encrypt("default")']
YAML
my $gateway = $trial->gateway;

my $count = 0;
sub submit {
	my ($subject, $more) = @_;
	my $n = ++$count;
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(from => "m$n\@client.test",
	    to => "r$n\@d.test", data => ($more // '') .
	    "From: m$n\@client.test\r\nSubject: $subject\r\n\r\n" .
	    "canary-body-$n\r\n");
	$client->quit;
	my ($mid) = $reply =~ /queued as (\d+)/ or fail("taken: $reply");
	return ($n, $mid);
}

sub waiting {
	return @{ $gateway->json('queue', '--encryption')->{messages} };
}

sub mail_to {
	my ($address, $seconds) = @_;
	return Postern::Protection::wait_mail($sink, $address, 0, $seconds);
}

subtest 'K13: the key service is away' => sub {
	my ($n, $mid) = submit('away');
	ok(wait_until(20, sub {
		my ($row) = waiting();
		return $row && $row->{attempts} >= 1;
	}), 'the message waits');
	my ($row) = waiting();
	like($row->{reason}, qr/127\.0\.0\.1/, 'the reason names the host');
	is($row->{profile}, 'away', 'the profile');
	is(($gateway->cli('retry', $mid))[0], 0, 'retry');
	ok(wait_until(20, sub { ((waiting())[0] // {})->{attempts} >= 2 }),
	    'which is a try');
	is($sink->count, 0, 'nothing has left');
	my ($other) = submit('secure');
	ok(mail_to("r$other\@d.test", 20), 'other profiles go on');
	$gateway->move_clock(3700);
	my $notice = mail_to("m$n\@client.test", 20);
	ok($notice, 'behind the timeout the sender is told') or return;
	like($notice->{data}, qr/^Subject: Your message could not be encrypted in time\r$/m,
	    'under the subject of the profile');
	like($notice->{data}, qr/^Status: 5\.7\.5\r$/m, 'with a status');
	unlike($notice->{data}, qr/canary-body/, 'X05: without its content');
	is_deeply([waiting()], [], 'it waits no longer');
};

subtest 'K13: the key service is slow' => sub {
	my ($vault) = @{ $gateway->pids->{vault} };
	kill 'STOP', $vault;
	my ($n) = submit('secure');
	ok(wait_until(20, sub { scalar waiting() }), 'the message waits');
	my ($stuck, $known) = (time, $sink->count);
	wait_until(20, sub { time - $stuck > 5 || $sink->count > $known });
	is($sink->count, $known, 'nothing has left');
	kill 'CONT', $vault;
	my $mail = mail_to("r$n\@d.test", 40);
	ok($mail && Postern::Protection::envelope_file($mail->{data}),
	    'then it leaves, as an envelope');
	wait_until(2, sub { 0 });
	is(scalar(grep { $_->{from} eq "m$n\@client.test" }
	    $sink->messages), 1, 'once');
};

subtest 'F10: a poisonous message is set aside, its neighbours flow' => sub {
	plan skip_all => 'only test builds have the hook'
	    if system("grep -q X-Postern-Test " .
		"$gateway->{build}/postern-protect");
	my (undef, $poison) = submit('secure',
	    "X-Postern-Test: crash-protect\r\n");
	my @neighbours = map { (submit('secure'))[0] } 1 .. 10;
	ok(wait_until(60, sub {
		$gateway->move_clock(11);
		my $shown = $gateway->json('message', $poison);
		return $shown && ($shown->{queue}{state} // '') eq 'held';
	}), 'held after two crashes');
	ok(mail_to("r$_\@d.test", 40), "neighbour $_") for @neighbours;
	is(($gateway->cli('delete', $poison))[0], 0, 'deleted');
};

my @clear = grep { $_->{data} =~ /canary-body/ } $sink->messages;
is(scalar @clear, 0, 'nothing ever left in clear');
ok($gateway->json('ledger', 'verify')->{balanced}, 'the ledger balances');
$gateway->finish;
done_testing;
