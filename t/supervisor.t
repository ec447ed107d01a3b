#!/usr/bin/perl
# The supervisor: starting and stopping, readiness, restarts, and what each
# process may still do.
use strict;
use warnings;
use lib 't/lib';
use File::Temp qw(tempdir);
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ':sys_wait_h';
use Socket qw(SOCK_DGRAM);
use Test::More;
use Postern::Authority;
use Postern::Gateway;
use Postern::Port qw(free_port wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $body = "Subject: x\r\n\r\nb\r\n";
my @kinds = qw(admin deliver keys lookup queue smtp);
my $folder = tempdir(CLEANUP => 1);
chmod 0755, $folder;

sub client {
	my ($gateway) = @_;
	my $client = Postern::Smtp->new(port => $gateway->port('public'))
	    or return;
	$client->command('EHLO client.test');
	return $client;
}

sub flows {
	my ($gateway, $from, $name) = @_;
	my $reply = '';
	ok(wait_until(20, sub {
		my $client = client($gateway) or return 0;
		$reply = $client->send(from => $from, to => 'user@sink.test',
		    data => $body);
		$client->quit;
		return $reply =~ /^250 /;
	}), "$name: mail is taken") or diag $reply;
	ok(wait_until(20, sub { grep { $_->{from} eq $from }
	    $sink->messages }), "$name: and delivered");
}

sub status_of {
	my ($pid) = @_;
	my %status = Postern::Gateway::slurp("/proc/$pid/status") =~
	    /^(\w+):[ \t]*(.*)$/mg;
	return \%status;
}

sub notifications {
	my ($path) = @_;
	unlink $path;
	my $socket = IO::Socket::UNIX->new(Local => $path,
	    Type => SOCK_DGRAM) or die "$path: $!";
	chmod 0777, $path;
	$socket->blocking(0);
	return $socket;
}

sub heard {
	my ($socket, $words) = @_;
	return wait_until(10, sub {
		while (defined recv $socket, my $bytes, 4096, 0) {
			last if $bytes eq '';
			return 1 if $bytes =~ /^\Q$words\E$/m;
		}
		return 0;
	});
}

my $ready = notifications("$folder/notify");
my $gateway = Postern::Gateway->new(sink => $sink,
    environment => { NOTIFY_SOCKET => "$folder/notify" },
    expect => [qr/event=(?:child_ended|watchdog|\w+_channel_lost)/,
	qr/event=(?:keys_gone|queue_recovered|queue_accepting|lookup_\w+)/,
	qr/event=(?:delivery_unreachable|destination_unreachable)/,
	qr/event=(?:outcome_unknown|deliver_\w+|worker_\w+|\w+_gone)/]);

subtest 'readiness is told to systemd' => sub {
	ok(heard($ready, 'READY=1'), 'READY=1');
	flows($gateway, 'ready@client.test', 'then');
};

subtest 'each process has nothing left' => sub {
	my $pids = $gateway->pids;
	is_deeply([sort keys %$pids], \@kinds, 'all kinds');
	for my $pid ($gateway->{pid}, map { @$_ } values %$pids) {
		my $status = status_of($pid);
		is($status->{NoNewPrivs}, 1,
		    "$status->{Name}: no new privileges");
		is($status->{Seccomp}, 2, "$status->{Name}: a filter");
		like($status->{CapEff}, qr/^0+$/,
		    "$status->{Name}: no capability");
		like(Postern::Gateway::slurp("/proc/$pid/limits"),
		    qr/^Max core file size +0 /m,
		    "$status->{Name}: no core") if $pid != $gateway->{pid};
	}
};

subtest 'a killed child is started again' => sub {
	for my $kind (qw(smtp keys lookup deliver admin queue)) {
		my $before = $gateway->pids;
		kill 'KILL', @{ $before->{$kind} };
		my $after;
		ok(wait_until(20, sub {
			$after = $gateway->pids;
			return 0 unless $after->{$kind} &&
			    @{ $after->{$kind} } == @{ $before->{$kind} };
			my %old = map { $_ => 1 } @{ $before->{$kind} };
			return !grep { $old{$_} } @{ $after->{$kind} };
		}), "$kind is there again");
		my @others = grep { $_ ne $kind } @kinds;
		is_deeply({ map { $_ => $after->{$_} } @others },
		    { map { $_ => $before->{$_} } @others },
		    "$kind: the others went on");
		flows($gateway, "$kind\@client.test", $kind);
	}
	my $json = $gateway->json('status');
	is(scalar(grep { $_->{restarts} < 1 } @{ $json->{processes} }), 0,
	    'status counts them');
};

subtest 'a child that hangs' => sub {
	my $before = $gateway->pids;
	my ($pid) = @{ $before->{deliver} };
	kill 'STOP', $pid;
	ok(wait_until(20, sub {
		$gateway->move_clock(10);
		# Time for the others to give a sign of life.
		client($gateway)->quit for 1 .. 3;
		$gateway->cli('status') for 1 .. 3;
		return $gateway->events('watchdog') > 0;
	}), 'the watchdog bites');
	is(scalar(grep { $_->{process} ne 'deliver' }
	    $gateway->events('watchdog')), 0, 'only that one');
	ok(wait_until(20, sub {
		my $now = $gateway->pids->{deliver} or return 0;
		return @$now == 2 && !grep { $_ == $pid } @$now;
	}), 'it is started again');
	flows($gateway, 'hang@client.test', 'afterwards');
};

subtest 'stopping' => sub {
	my $old = '';
	1 while defined recv($ready, $old, 4096, 0) && $old ne '';
	my $idle = client($gateway);
	my $busy = client($gateway);
	$busy->commands('MAIL FROM:<busy@client.test>',
	    'RCPT TO:<user@sink.test>', 'DATA');
	my $pid = $gateway->{pid};
	kill 'TERM', $pid;
	like($idle->reply, qr/^421 4\.3\.2 /, 'who is idle is told');
	ok($idle->closed, 'and closed');
	$busy->raw("$body.\r\n");
	like($busy->reply, qr/^250 /, 'a message under way is taken');
	like($busy->reply, qr/^421 4\.3\.2 /, 'then goodbye');
	ok(wait_until(20, sub { waitpid($pid, WNOHANG) == $pid }),
	    'it ends');
	is($?, 0, 'with status 0');
	delete $gateway->{pid};
	ok(heard($ready, 'STOPPING=1'), 'systemd is told');
	ok(!-e "$gateway->{directory}/run/control", 'the socket is gone');
	ok($gateway->start, 'started again');
	ok(wait_until(20, sub { grep { $_->{from} eq 'busy@client.test' }
	    $sink->messages }), 'that message is delivered');
	is($gateway->stop(signal => 'INT'), 0, 'SIGINT ends it too');
	ok($gateway->start, 'started again');
};

subtest 'the supervisor dies' => sub {
	my $pids = $gateway->pids;
	my @all = map { @$_ } values %$pids;
	my $pid = delete $gateway->{pid};
	kill 'KILL', $pid;
	waitpid $pid, 0;
	ok(wait_until(10, sub { !grep { -e "/proc/$_" &&
	    (status_of($_)->{State} // '') !~ /^[ZX]/ } @all }),
	    'nobody outlives it');
	ok($gateway->start, 'a new one starts');
	flows($gateway, 'reborn@client.test', 'afterwards');
};

ok($gateway->wait_empty, 'the queue is empty');

subtest 'a second gateway at the same queue' => sub {
	my $other = Postern::Gateway->new(start => 0,
	    directory => tempdir(CLEANUP => 1));
	my $yaml = Postern::Gateway::default_config($sink) . <<"YAML";
processes:
  queue_directory: $gateway->{directory}/queue
  run_directory: %DIR%/run
YAML
	$other->configure($yaml);
	ok(!$other->start(patience => 3), 'is never ready');
	like($other->stderr_text, qr/in use|another|locked|lock/,
	    'and in words');
	$other->kill_all if $other->{pid};
	flows($gateway, 'alone@client.test', 'the first one');
};
$gateway->finish;

sub fails {
	my ($name, $yaml, $words, %o) = @_;
	my $broken = Postern::Gateway->new(start => 0, config => $yaml, %o);
	ok(!$broken->start, "$name: does not start");
	is(($broken->{status} // -1) >> 8, 1, "$name: status 1");
	like($broken->stderr_text, $words, "$name: says why");
	my ($status) = $broken->cli('status');
	is($status, 3, "$name: nobody answers");
}

subtest 'what cannot start, says why' => sub {
	my $good = Postern::Gateway::default_config($sink);
	fails('a mistake', $good =~ s/port: %PORT/prot: %PORT/r,
	    qr/event=config_error .*line=5 path=listeners\.public\.prot text="unknown setting; did you mean port\?"/);
	my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    LocalPort => 0, Listen => 1) or die $!;
	my $port = $taken->sockport;
	fails('a port that is taken', $good =~ s/port: %PORT\(public\)%/port: $port/r,
	    qr/cannot listen on 127\.0\.0\.1 port $port: Address already in use/);
	fails('an address that is not here',
	    $good =~ s/address: 127\.0\.0\.1/address: 192.0.2.1/r,
	    qr/cannot listen on 192\.0\.2\.1 port \d+: Cannot assign/);
	fails('a queue folder that cannot be made', $good .
	    "processes:\n  queue_directory: /proc/queue\n" .
	    "  run_directory: %DIR%/run\n",
	    qr{cannot make the directory /proc/queue: });
	my $missing = Postern::Gateway->new(start => 0, config => $good);
	unlink "$missing->{directory}/postern.yaml";
	ok(!$missing->start, 'no file: does not start');
	is($missing->{status} >> 8, 1, 'status 1');
	like($missing->stderr_text, qr/postern\.yaml.*No such file/,
	    'named');
	SKIP: {
		skip 'not root', 1 if $> != 0;
		fails('root without users', $good,
		    qr/there is no user .*postern-\w+.*create it, or name/,
		    as_root => 1);
	}
};

subtest 'the command line of the supervisor' => sub {
	my $program = "$gateway->{build}/postern-supervisor";
	for my $words ('-x', '-c', 'word', '-c /etc/postern.yaml more') {
		my $out = `$program $words 2>&1`;
		is($? >> 8, 2, "$words: wrong usage");
		like($out, qr/^usage: postern-supervisor/m, 'told');
	}
	my $out = `"$gateway->{build}/postern-smtp" </dev/null 2>&1`;
	is($? >> 8, 2, 'a child alone does not run');
	like($out, qr/start postern-supervisor/, 'and says who starts it');
};

# Everything in readable memory of a process.
sub memory_has {
	my ($pid, @needles) = @_;
	open(my $memory, '<:raw', "/proc/$pid/mem") or return undef;
	for my $map (split /\n/, Postern::Gateway::slurp("/proc/$pid/maps")) {
		my ($from, $to, $rights) = $map =~
		    /^([0-9a-f]+)-([0-9a-f]+) (\S+)/ or next;
		next if $rights !~ /r/ || $map =~ /\[v(?:var|syscall)/;
		no warnings 'portable';
		my ($at, $end) = (hex $from, hex $to);
		sysseek $memory, $at, 0 or next;
		my $tail = '';
		while ($at < $end) {
			my $most = $end - $at < 1 << 22 ? $end - $at : 1 << 22;
			my $bytes = '';
			my $got = sysread $memory, $bytes, $most;
			last unless $got;
			my $all = $tail . $bytes;
			for my $needle (@needles) {
				return 1 if index($all, $needle) >= 0;
			}
			$tail = substr $all, -64;
			$at += $got;
		}
	}
	return 0;
}

SKIP: {
	skip 'started as root only', 1 if $> != 0;
	my %users = (smtp => 33, queue => 8, lookup => 9, deliver => 10,
	    keys => 6, admin => 34);
	my $authority = Postern::Authority->new;
	my $pair = $authority->issue('gateway.test');
	my $port = free_port();
	my $root = Postern::Gateway->new(start => 0, as_root => 1,
	    arguments => ['-u', 34], files => {
		'one.pem' => Postern::Gateway::slurp($pair->{cert}),
		'one.key' => Postern::Gateway::slurp($pair->{key}) },
	    config => <<"YAML");
hostname: gateway.test
listeners:
  public: { address: 127.0.0.1, port: %PORT(public)%, tls: starttls, certificate: one }
tls:
  certificates:
    one: { certificate: one.pem, key: one.key }
sender_groups:
  - { name: everybody, addresses: [127.0.0.0/8], mail_flow_policy: relay }
mail_flow_policies:
  relay: { action: relay }
smtp_routes:
  - { domains: [all], hosts: ["127.0.0.1:$sink->{port}"] }
processes:
  smtp: 2
  deliver: 1
  keys: 2
  users: { smtp: "33", queue: "8", lookup: "9", deliver: "10", keys: "6", admin: "34" }
YAML
	chmod 0755, $root->{directory};
	chmod 0644, map { "$root->{directory}/$_" } 'postern.yaml',
	    'one.pem';
	chown 0, 0, "$root->{directory}/one.key";
	ok($root->start, 'started as root') or diag $root->stderr_text;

	subtest 'each has a user of its own' => sub {
		my $pids = $root->pids;
		for my $kind (sort keys %users) {
			for my $pid (@{ $pids->{$kind} }) {
				my $status = status_of($pid);
				like($status->{Uid},
				    qr/^$users{$kind}(?:\s+$users{$kind}){3}$/,
				    "$kind: user");
				like($status->{Gid},
				    qr/^$users{$kind}(?:\s+$users{$kind}){3}$/,
				    "$kind: group");
				is($status->{Groups} =~ s/\s//gr, '',
				    "$kind: no other groups");
				like($status->{CapEff}, qr/^0+$/,
				    "$kind: no capability");
				like($status->{CapPrm}, qr/^0+$/,
				    "$kind: none to take");
				is($status->{NoNewPrivs}, 1,
				    "$kind: no new privileges");
				is($status->{Seccomp}, 2, "$kind: a filter");
			}
		}
		my $status = status_of($root->{pid});
		my $capabilities = hex $status->{CapEff};
		is($capabilities & (1 << 21 | 1 << 19 | 1 << 12 | 1 << 16),
		    0, 'the supervisor: no admin, ptrace, network, modules');
		is($status->{Seccomp}, 2, 'the supervisor: a filter');
	};

	subtest 'who opens no file has an empty root' => sub {
		my $pids = $root->pids;
		for my $kind (qw(smtp deliver keys lookup)) {
			for my $pid (@{ $pids->{$kind} }) {
				is(readlink("/proc/$pid/root"),
				    "$root->{directory}/run/empty", $kind);
			}
		}
		my @inside = glob "$root->{directory}/run/empty/{.*,*}";
		is(scalar(grep { !m{/\.\.?$} } @inside), 0,
		    'with nothing in it');
	};

	subtest 'folders belong to those who work in them' => sub {
		my $d = $root->{directory};
		is((stat "$d/queue")[4], 8, 'the queue');
		is((stat "$d/queue")[2] & 07777, 0700, 'for nobody else');
		is((stat "$d/run/control")[4], 34, 'the control socket');
		is((stat "$d/run/control")[2] & 0077, 0,
		    'for nobody else');
		is((stat "$d/event.log")[2] & 0007, 0,
		    'the log is not for all');
	};

	flows($root, 'root@client.test', 'as root');

	subtest 'private keys are where no parser is' => sub {
		plan skip_all => 'IO::Socket::SSL is not installed'
		    unless eval { require IO::Socket::SSL; 1 };
		plan skip_all => 'the memory of sanitizers has no end'
		    if ($ENV{POSTERN_LANE} // '') eq 'sanitize';
		my $text = Postern::Authority::run(qw(openssl ec -noout
		    -text -in), $pair->{key});
		my ($hex) = $text =~ /priv:\s*([0-9a-f:\s]+)pub:/;
		my $scalar = pack 'H*', $hex =~ s/[:\s]//gr;
		$scalar = substr $scalar, -32;
		my ($middle) = Postern::Gateway::slurp($pair->{key}) =~
		    /-----\n(.{40})/;
		my @needles = ($scalar, scalar reverse($scalar), $middle);
		my $pids = $root->pids;
		plan skip_all => 'memory of others cannot be read here'
		    unless defined memory_has($pids->{keys}[0], 'x');
		for (1 .. 6) {
			my $client = client($root);
			$client->command('STARTTLS');
			ok($client->start_tls, 'a handshake');
			$client->drop;
		}
		my ($keys) = grep { $_ } map { memory_has($_, @needles) }
		    @{ $pids->{keys} };
		is($keys, 1, 'keys has it: one can find it');
		for my $kind (qw(smtp queue lookup deliver admin)) {
			is(memory_has($_, @needles), 0, "$kind has it not")
			    for @{ $pids->{$kind} };
		}
		is(memory_has($root->{pid}, @needles), 0,
		    'nor the supervisor');
	};

	subtest 'restarted as what they were' => sub {
		my $before = $root->pids;
		kill 'KILL', map { @{ $before->{$_} } } @kinds;
		flows($root, 'again@client.test', 'after all were killed');
		my $pids;
		ok(wait_until(20, sub {
			$pids = $root->pids;
			return @kinds == keys %$pids;
		}), 'all are back');
		for my $kind (sort keys %users) {
			like(status_of($pids->{$kind}[0])->{Uid},
			    qr/^$users{$kind}\s/, "$kind: its user");
		}
	};
	$root->{expect} = [qr/event=(?:child_ended|\w+_channel_lost)/,
	    qr/event=(?:keys_gone|queue_recovered|\w+_gone|queue_accepting)/];
	ok($root->wait_empty, 'the queue is empty');
	$root->finish;
}
done_testing;
