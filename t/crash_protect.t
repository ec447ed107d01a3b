#!/usr/bin/perl
# kill -9 of scan, protect, vault and deliver before every single system call
# by which they speak or write, between the acceptance of a message and the
# delivery of its envelope, and of portal, vault and unseal while a recipient
# opens it: nothing leaves in clear, nothing
# is lost, nothing comes twice without a kill of deliver that explains it
# (X04: at every step between the key and the envelope).
use strict;
use warnings;
use lib 't/lib', 't/crash';
use List::Util qw(shuffle);
use Test::More;
use Strace;
use Postern::Port qw(wait_until);
use Postern::Protection;
use Postern::Sink;
use Postern::Smtp;

my $missing = Strace::missing();
plan skip_all => $missing if $missing;
my $long = ($ENV{POSTERN_PROVE} // '') eq 'long';
my $seed = $ENV{POSTERN_SEED} // int(time);
srand $seed;
note "POSTERN_SEED=$seed";

my $calls = join ',', qw(write writev pwrite64 pwritev fsync fdatasync
    rename unlink ftruncate sendmsg sendto);
my %short = (scan => 4, protect => 10, vault => 10, deliver => 6);

my $sink = Postern::Sink->new;
my $trial = Postern::Protection->new(hosts => "127.0.0.1:$sink->{port}",
    expect => [map { qr/event=$_\b/ } qw(child_ended failed
	outcome_unknown queue_recovered leases_taken_back
	queue_channel_lost lookup_channel_lost protect_later
	key_service_failed scan_channel_lost protect_channel_lost
	portal_channel_lost vault_channel_lost errands_taken_back)]);
my $gateway = $trial->gateway;

my ($count, $aged) = (0, 0);
sub submit {
	my $n = ++$count;
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(from => "m$n\@client.test",
	    to => "r$n\@d.test", data => "From: <m$n\@client.test>\r\n" .
	    "To: <r$n\@d.test>\r\nSubject: [SECURE] canary-subject-$n\r\n" .
	    "\r\ncanary-body-$n\r\n");
	$client->quit;
	like($reply, qr/^250 /, "message $n is taken") unless $reply =~ /^250/;
	return $n;
}

# A process that died young is started late: let them all look old.
sub age {
	return if time - $aged < 1;
	$aged = time;
	$gateway->move_clock(11);
}

sub arrived {
	my ($n) = @_;
	return grep { $_->{from} eq "m$n\@client.test" } $sink->messages;
}

# One message with a process of that kind traced, perhaps killed on the way.
sub scene {
	my ($kind, @options) = @_;
	age();
	my @pids;
	wait_until(20, sub { @pids = @{ $gateway->pids->{$kind} // [] } });
	my $trace = Strace->new(pids => \@pids,
	    output => "$gateway->{directory}/strace", options => \@options);
	my $n = submit();
	my $come = wait_until(40, sub { arrived($n) });
	wait_until(5, sub { !@{ $gateway->json('queue')->{messages} } });
	$trace->detach;
	my ($killed) = grep { $_ } map { $trace->killed_at($_) } @pids;
	my %traced = map { $_ => 1 } @pids;
	return ($n, $come, $killed, grep { $traced{ $_->[0] } } $trace->calls);
}

my (%wrong, $kills, $points);
sub judge_one {
	my ($what, $n, $come, $killed, $may_repeat) = @_;
	my @copies = arrived($n);
	$points++;
	$kills++ if $killed;
	push @{ $wrong{lost} }, $what unless $come;
	push @{ $wrong{twice} }, $what
	    if @copies > 1 && !($killed && $may_repeat);
	for my $copy (@copies) {
		push @{ $wrong{clear} }, $what
		    if $copy->{data} =~ /canary-body/ ||
		    !Postern::Protection::envelope_file($copy->{data});
	}
}

for my $kind (sort keys %short) {
	my ($n, $come, $killed, @plain) = scene($kind, '-e', "trace=$calls");
	judge_one("$kind unharmed", $n, $come, $killed, 0);
	my %seen;
	my @places = map { $_->[2] =~ /^(\w+)\(/ ? [$1, ++$seen{$1}] : () }
	    @plain;
	ok(scalar @places, "$kind: " . join ', ',
	    map { "$_ $seen{$_}" } sort keys %seen);
	@places = shuffle @places;
	splice @places, $short{$kind} if !$long && @places > $short{$kind};
	for my $place (@places) {
		my ($call, $nth) = @$place;
		judge_one("$kind before $call number $nth",
		    (scene($kind, '-e', "trace=$call", '-e',
		    "inject=$call:signal=KILL:when=$nth"))[0 .. 2],
		    $kind eq 'deliver');
	}
}
# Heartbeats move the counts; not every place is met again.
cmp_ok($kills, '>=', $points / 3, "$kills kills at $points points");
for my $kind (qw(clear lost twice)) {
	is_deeply($wrong{$kind} // [], [], "nothing $kind");
}
# A recipient who begins again, after each kill, reads the message.
sub read_again {
	my ($n, $kind) = @_;
	my ($mail) = arrived($n);
	my $file = Postern::Protection::envelope_file($mail->{data});
	my $to = "r$n\@d.test";
	return wait_until(30, sub {
		age();
		$gateway->move_clock(31);	# another code at once
		my $page = eval {
			my $browser = $trial->browser;
			my $known = @{ [grep { grep { $_ eq $to }
			    @{ $_->{to} } } $sink->messages] };
			$browser->submit($browser->form(qr{/open$}, $file));
			$browser->submit($browser->form(qr{/code$}));
			my $code = Postern::Protection::wait_mail($sink, $to,
			    $known, 2) or return;
			if ($kind) {
				my ($pid) = @{ $gateway->pids->{$kind} };
				undef $kind;
				kill 'KILL', $pid;
			}
			$browser->submit($browser->form(qr{/verify$}), code =>
			    Postern::Protection::code_of($code->{data}));
		};
		return $page && $page->{body} =~ /canary-body-$n/;
	});
}
for my $kind (qw(portal vault unseal)) {
	my ($n, $come) = scene('scan', '-e', 'trace=none');
	ok($come && read_again($n, $kind), "$kind dies while it is opened");
}

ok($gateway->json('ledger', 'verify')->{balanced}, 'the ledger balances');
$gateway->finish;
done_testing;
