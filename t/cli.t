#!/usr/bin/perl
# The command line: every command, in words and as JSON, its exit status,
# help and completion, and nothing of a mail that reaches a terminal raw.
use strict;
use warnings;
use lib 't/lib';
use Cwd qw(abs_path);
use IO::Socket::UNIX;
use JSON::PP;
use Test::More;
use Postern::Gateway;
use Postern::Port qw(free_port wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $away = free_port();
my $gateway = Postern::Gateway->new(
    expect => [qr/event=(?:delivery_unreachable|destination_unreachable)/,
	qr/event=(?:failed|outcome_unknown)/],
    config => <<"YAML");
hostname: gateway.test
listeners:
  public: { address: 127.0.0.1, port: %PORT(public)% }
sender_groups:
  - { name: everybody, addresses: [127.0.0.0/8], mail_flow_policy: relay }
mail_flow_policies:
  relay: { action: relay, max_messages: 10000 }
smtp_routes:
  - { domains: [away.test, .away.test], hosts: ["127.0.0.1:$away"] }
  - { domains: [all], hosts: ["127.0.0.1:$sink->{port}"] }
bounce_profiles:
  default: { retry_initial: 1 h, retry_max: 2 h, send_bounces: false }
processes:
  smtp: 1
  deliver: 2
  keys: 1
YAML

sub submit {
	my ($from, @to) = @_;
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(from => $from, to => \@to,
	    mail => 'SMTPUTF8', data => "Subject: x\r\n\r\nb\r\n");
	$client->quit;
	return $reply =~ /queued as (\d+)/ ? $1 : 0;
}

# Its destination has been tried, for this one or another.
sub deferred {
	my ($mid) = @_;
	return $gateway->wait_event('destination_unreachable') &&
	    wait_until(20, sub { state_of($mid) eq 'ready' });
}

sub state_of {
	my ($mid) = @_;
	my $json = $gateway->json('message', $mid) or return '';
	return $json->{queue} ? lc $json->{queue}{state} : 'gone';
}

subtest 'status' => sub {
	my ($status, $out, $err) = $gateway->cli('status');
	is($status, 0, 'done');
	is($err, '', 'no complaint');
	like($out, qr/^Postern \d+\.\d+\.\d+ on gateway\.test, up \d+ s, configuration version \d+$/m,
	    'the first line');
	like($out, qr/^\Q$_\E +\d+ +running +\d+ /m, $_)
	    for qw(smtp queue lookup deliver keys admin);
	my $json = $gateway->json('status');
	is(scalar @{ $json->{processes} }, 7, 'seven processes as JSON');
	is(scalar(grep { $_->{pid} > 0 && $_->{state} eq 'running' }
	    @{ $json->{processes} }), 7, 'all run');
	is(ref $json->{processes}[0]{counters}, 'HASH', 'with counters');
	my ($after) = $gateway->cli('status', '--json');
	is($after, 0, '--json behind the command');
};

my $one = submit('alpha@client.test', 'one@away.test', 'two@away.test');
my $two = submit('beta@client.test', 'three@b.away.test');
ok($one && $two && $one != $two, 'two messages have MIDs');
ok(deferred($_), "MID $_ waits for its next try") for $one, $two;

subtest 'queue' => sub {
	my ($status, $out) = $gateway->cli('queue');
	is($status, 0, 'done');
	like($out, qr/^MID +STATE +AGE +BYTES +TRY +NEXT +SENDER -> RECIPIENT$/m,
	    'a head');
	like($out, qr/^$one +\w+ .* alpha\@client\.test -> one\@away\.test and 1 more$/m,
	    'one line a message');
	like($out, qr/^ +connect to .*refused/mi, 'with the last reason');
	cmp_ok(index($out, "\n$one "), '<', index($out, "\n$two "),
	    'in order');
	my $json = $gateway->json('queue');
	is_deeply([map { $_->{mid} } @{ $json->{messages} }], [$one, $two],
	    'as JSON');
	is($json->{messages}[0]{recipients}, 2, 'with recipients');
	my $listed = sub {
		my $found = $gateway->json('queue', @_) or return 'nothing';
		return join ' ', map { $_->{mid} } @{ $found->{messages} };
	};
	is($listed->('--sender', 'alpha'), $one, '--sender');
	is($listed->('--recipient=three'), $two, '--recipient');
	is($listed->('--destination', '127.0.0.1'), "$one $two",
	    '--destination');
	is($listed->('--sender', 'nobody'), '', 'none matches');
	is($listed->('--held'), '', '--held');
	is($listed->('--limit', '1'), $one, '--limit');
	is_deeply($gateway->json('queue', '--count'), { messages => 2,
	    recipients => 3 }, '--count');
	is(($gateway->cli('queue', '--count'))[1],
	    "2 messages, 3 recipients\n", 'in words');
	is(($gateway->cli('queue', '--limit', 'x'))[0], 2, 'no number');
};

subtest 'message' => sub {
	my ($status, $out) = $gateway->cli('message', $one);
	is($status, 0, 'done');
	like($out, qr/^MID $one: \w+\nfrom alpha\@client\.test, \d+ bytes, /,
	    'where it is');
	like($out, qr/^disposition: no policy, configuration version \d+$/m,
	    'how it was judged');
	like($out, qr/^  1  one\@away\.test: /m, 'recipient by recipient');
	like($out, qr/ MID $one event=accepted .* MID $one event=deferred /s,
	    'and what happened');
	my $json = $gateway->json('message', $one);
	is($json->{queue}{mid}, $one, 'as JSON');
	is($json->{queue}{recipients}[1]{address}, 'two@away.test',
	    'with recipients');
	cmp_ok(scalar @{ $json->{events} }, '>=', 2, 'and events');
	my $gone = submit('gamma@client.test', 'user@sink.test');
	ok(wait_until(20, sub { state_of($gone) eq 'gone' }), 'delivered');
	is(($gateway->cli('message', $gone))[0], 0,
	    'the story of what has left');
	($status, undef, my $err) = $gateway->cli('message', 999999);
	is($status, 1, 'a MID that never was');
	like($err, qr/^postern: nothing is known of that message/, 'is told');
	is(($gateway->json('message', 999999))->{found}, JSON::PP::false,
	    'as JSON too');
	for my $word ('x', '0', '-1', '1e3', '18446744073709551616',
	    "1\n2") {
		is(($gateway->cli('message', $word))[0], 2, 'no MID');
	}
};

subtest 'retry' => sub {
	my $before = () = $gateway->events('deferred');
	my ($status, $out) = $gateway->cli('retry', $one);
	is($status, 0, 'done');
	is($out, "1 messages (2 recipients) due now\n", 'said so');
	ok($gateway->wait_event('deferred', $before + 1), 'tried at once');
	my $json = $gateway->json('retry', '--all');
	is_deeply([@$json{qw(action messages recipients)}],
	    ['retry', 2, 3], '--all, as JSON');
	is(($gateway->json('retry', '--sender', 'beta'))->{messages}, 1,
	    '--sender');
	ok($gateway->wait_event('retried', 3), 'logged');
	like(($gateway->events('retried'))[0]{line}, qr/by=\S/,
	    'with who asked');
};

subtest 'hold and release' => sub {
	my ($status, $out) = $gateway->cli('hold', $one);
	is($status, 0, 'hold');
	is($out, "1 messages (2 recipients) held\n", 'said so');
	is(state_of($one), 'held', 'it is');
	is(join(' ', map { $_->{mid} } @{ $gateway->json('queue',
	    '--held')->{messages} }), $one, 'listed');
	is(($gateway->cli('hold', $one))[0] <= 1 ? 1 : 0, 1, 'twice');
	my $ledger = $gateway->json('ledger', 'verify');
	is($ledger->{held}, 2, 'the ledger knows of two held recipients');
	($status, $out) = $gateway->cli('release', $one);
	is($status, 0, 'release');
	is($out, "1 messages (2 recipients) released\n", 'said so');
	isnt(state_of($one), 'held', 'it goes on');
	is($gateway->json('hold', '--all')->{messages}, 2, 'hold --all');
	is($gateway->json('release', '--all')->{messages}, 2,
	    'release --all');
	my ($failed, undef, $err) = $gateway->cli('hold', 424242);
	is($failed, 1, 'a MID that is not there');
	like($err, qr/^postern: message 424242: /, 'is told');
	($failed, undef, $err) = $gateway->cli('hold', 424242, $two);
	is($failed, 1, 'one of two');
	is(state_of($two), 'held', 'the other is held');
	$gateway->cli('release', $two);
};

subtest 'which messages, nobody guesses' => sub {
	for my $command (qw(retry hold release delete)) {
		my ($status, undef, $err) = $gateway->cli($command);
		is($status, 2, "$command alone");
		like($err, qr/say which messages/, 'is asked back');
		is(($gateway->cli($command, '--all', $one))[0], 2,
		    'nor both ways');
		is(($gateway->cli($command, '--all', '--sender', 'a'))[0], 2,
		    'nor these');
		is(($gateway->cli($command, 'x'))[0], 2, 'nor words');
	}
	is($gateway->json('queue', '--count')->{messages}, 2,
	    'nothing was lost');
};

subtest 'ledger verify' => sub {
	my ($status, $out) = $gateway->cli('ledger', 'verify');
	is($status, 0, 'balances');
	like($out, qr/^The ledger balances\.$/m, 'said so');
	like($out, qr/^\+ live +3$/m, 'three live recipients');
	my $json = $gateway->json('ledger', 'verify');
	ok($json->{balanced}, 'as JSON');
	is($json->{accepted} + $json->{generated}, $json->{delivered} +
	    $json->{failed} + $json->{dropped} + $json->{deleted} +
	    $json->{expired} + $json->{live}, 'it adds up');
};

subtest 'delete' => sub {
	my ($status, $out) = $gateway->cli('delete', $two);
	is($status, 0, 'done');
	is($out, "1 messages (1 recipients) deleted\n", 'said so');
	is(state_of($two), 'gone', 'it is');
	is(($gateway->cli('delete', $two))[0], 1, 'only once');
	is($gateway->json('ledger', 'verify')->{deleted}, 1, 'counted');
	ok($gateway->wait_event('deleted'), 'logged');
};

subtest 'config' => sub {
	my ($status, $out) = $gateway->cli('config', 'show');
	is($status, 0, 'show');
	like($out, qr/^hostname: "?gateway\.test"?$/m, 'what is set');
	like($out, qr/message_size: "?50 MB"?$/m, 'and defaults');
	my $file = $gateway->write_file('shown.yaml', $out);
	is(($gateway->cli('config', 'check', $file))[0], 0,
	    'what is shown can be loaded');
	is(($gateway->cli('config', 'load', $file))[0], 0, 'and is');
	is(($gateway->cli('config', 'show'))[1], $out, 'the same again');
	like(($gateway->cli('config', 'show', 'limits.message_size'))[1],
	    qr/50 MB/, 'one setting');
	is(ref $gateway->json('config', 'show'), 'HASH', 'as JSON');
	is($gateway->json('config', 'show')->{hostname}, 'gateway.test',
	    'with values');
	is(($gateway->cli('config', 'show', 'limits.mesage_size'))[0], 1,
	    'no such setting');
	is(ref $gateway->json('config', 'schema'), 'HASH', 'schema');
	my $load = $gateway->json('config', 'load', $file);
	ok($load->{ok} && $load->{version}, 'load as JSON');
	my $check = $gateway->json('config', 'check', $file);
	ok($check->{ok} && @{ $check->{errors} } == 0, 'check as JSON');
};

subtest 'help, version, usage' => sub {
	my ($status, $out) = $gateway->cli('help');
	is($status, 0, 'help');
	my @commands = $out =~ /^  (\S+(?: [a-z-]+)?)  +\S/mg;
	for my $command (@commands) {
		my @words = split / /, $command;
		($status, my $text) = $gateway->cli('help', @words);
		is($status, 0, "help $command");
		like($text, qr/^postern \Q$command\E.*\n    \S/, 'explains');
		is(($gateway->cli(@words, '--help'))[1], $text,
		    'as --help does');
	}
	is(($gateway->cli())[1], $out, 'no command is help');
	is(($gateway->cli('--help'))[1], $out, '--help');
	is(($gateway->cli('help', 'nonsense'))[0], 2, 'help on nothing');
	like(($gateway->cli('version'))[1],
	    qr/^postern \d+\.\d+\.\d+ \(\S+\)$/, 'version');
	ok($gateway->json('version')->{version}, 'as JSON');
	for my $words (['nonsense'], ['queue', 'now'], ['queue', '--what'],
	    ['queue', '--limit'], ['message'], ['message', 1, 2],
	    ['status', 'x'], ['ledger'], ['config'], ['config', 'what'],
	    ['completion'], ['completion', 'fish'], ['--what', 'queue'],
	    ['status', '--sender', 'a'], ['hold', '--count']) {
		my ($failed, $said, $err) = $gateway->cli(@$words);
		is($failed, 2, "@$words");
		is($said, '', 'nothing on the output');
		like($err, qr/^(?:postern: |usage: )/, 'but a word');
	}
};

subtest 'nobody answers' => sub {
	my $postern = "$gateway->{build}/postern";
	for my $path ('/nonexistent/control', $gateway->{directory},
	    '/' . 'x' x 200) {
		my $out = `"$postern" --socket "$path" status 2>&1`;
		is($? >> 8, 3, 'exit status 3');
		like($out, qr/^postern: .*\Q$path\E/, 'named');
	}
	local $ENV{POSTERN_SOCKET} = "$gateway->{directory}/run/control";
	`"$postern" status`;
	is($?, 0, 'POSTERN_SOCKET names the socket');
};

subtest 'many commands at once' => sub {
	my @pids;
	for (1 .. 30) {
		my $pid = fork // die $!;
		if ($pid == 0) {
			open STDOUT, '>', '/dev/null';
			exec "$gateway->{build}/postern", '--socket',
			    "$gateway->{directory}/run/control", 'queue'
			    or POSIX::_exit(127);
		}
		push @pids, $pid;
	}
	my @bad = grep { waitpid($_, 0); $? != 0 } @pids;
	is_deeply(\@bad, [], 'all are answered');
	my @silent = map { IO::Socket::UNIX->new(
	    Peer => "$gateway->{directory}/run/control") } 1 .. 20;
	is(($gateway->cli('status'))[0], 0, 'silent ones block nobody');
	print {$silent[0]} "GET / HTTP/1.0\r\n\r\n";
	close $_ for @silent;
	is(($gateway->cli('status'))[0], 0, 'nor do those who talk nonsense');
};

subtest 'C01: no byte of a mail reaches the terminal raw' => sub {
	# What SMTP lets through: UTF-8, and quoted strings.
	my @froms = ("\"a;b c\"\@client.test", "\xc3\xa9\@client.test",
	    "\xd7\xa9\@client.test");
	my @mids = map { submit($_, "\"x\\\\y\"\@away.test") } @froms;
	ok(deferred($_), 'queued') for @mids;
	my $hop = Postern::Sink->new(port => $away,
	    banner => "220 \x1b]52;c;AAAA\x07 \x9b31m hop",
	    data_reply => "450 4.2.0 \x1b[31mred\x07 \xe2\x80\xae later");
	$gateway->cli('retry', '--all');
	ok($hop->wait_count(1), 'an evil next hop');
	ok(wait_until(20, sub { grep { ($_->{reply} // '') =~ /later/ }
	    $gateway->events('deferred') }), 'has answered');
	$hop->stop;
	my @commands = (['queue'], ['queue', '--json'], ['status'],
	    map { (['message', $_], ['message', $_, '--json']) } @mids);
	for my $words (@commands) {
		my ($status, $out, $err) = $gateway->cli(@$words);
		is($status, 0, "@$words");
		unlike("$out$err", qr/[\x00-\x09\x0b-\x1f\x7f]/,
		    'no control byte');
		next if grep { $_ eq '--json' } @$words;
		unlike("$out$err", qr/[\x80-\xff]/, 'no byte above ASCII');
	}
	like(($gateway->cli('queue'))[1], qr/\\xc3\\xa9\@client\.test/,
	    'they are shown as what they are');
	my (undef, undef, $err) = $gateway->cli('hold', "\x1b[31m1");
	unlike($err, qr/\x1b/, 'words of the caller come back harmless');
	(undef, undef, $err) = $gateway->cli("\x1b[31mfoo");
	unlike($err, qr/\x1b/, 'whoever refuses them');
	(undef, undef, $err) = $gateway->cli('help', "\x1b[31mfoo");
	unlike($err, qr/\x1b/, 'or explains');
	(undef, undef, $err) = $gateway->cli('queue', "--\x1b[31mfoo");
	unlike($err, qr/\x1b/, 'or asks back');
};

subtest 'Q08: words of mail are never SQL' => sub {
	my @froms = map { "\"$_\"\@client.test" } "'); DROP TABLE message;--",
	    "' OR '1'='1", '%', '_', "x' UNION SELECT 1;--";
	my @mids = map { submit($_, "quote'\@away.test") } @froms;
	is(scalar(grep { !$_ } @mids), 0, 'taken');
	ok(wait_until(20, sub { !grep { state_of($_) ne 'ready' } @mids }),
	    'queued');
	my $listed = sub {
		my $found = $gateway->json('queue', @_) or return 'nothing';
		return scalar @{ $found->{messages} };
	};
	is($listed->('--sender', "' OR '1'='1"), 1, 'a filter is a text');
	is($listed->('--sender', "' OR 1=1 --"), 0, 'nothing else');
	is($listed->('--sender', '%'), 1, 'without wild cards');
	is($listed->('--recipient', "quote'"), 5, 'quotes and all');
	is($listed->('--destination', "'; DELETE FROM message; --"), 0,
	    'in each of them');
	is($gateway->json('delete', '--recipient', "quote'")->{messages}, 5,
	    'deleting, too');
	ok($gateway->json('ledger', 'verify')->{balanced}, 'all is well');
};

subtest 'completion' => sub {
	for my $shell (qw(bash zsh)) {
		my ($status, $script) = $gateway->cli('completion', $shell);
		is($status, 0, $shell);
		my $file = $gateway->write_file("completion.$shell",
		    $script);
		SKIP: {
			skip "no $shell here", 1
			    unless grep { -x "$_/$shell" } split /:/,
			    $ENV{PATH};
			my $words = `$shell -n "$file" 2>&1`;
			is($words, '', 'reads well');
		}
	}
	my $complete = sub {
		my (@words) = @_;
		my $list = join ' ', map { "'$_'" } 'postern', @words;
		my $out = `bash -c '. "\$1"; shift; COMP_WORDS=("\$@"); COMP_CWORD=\$((\$# - 1)); _postern; printf "%s\\n" "\${COMPREPLY[@]}"' bash "$gateway->{directory}/completion.bash" $list 2>&1`;
		return sort split /\n/, $out;
	};
	is_deeply([$complete->('sta')], ['status'], 'a command');
	ok((grep { $_ eq 'queue' } $complete->('')), 'all commands');
	is_deeply([$complete->('queue', '--he')], ['--held', '--help'],
	    'its options');
	is_deeply([$complete->('--json', 'queue', '--cou')], ['--count'],
	    'behind --json');
	ok((grep { $_ eq 'check' } $complete->('config', 'ch')),
	    'the second word');
	ok((grep { m{etc/postern\.yaml} } $complete->('config', 'check',
	    'etc/post')), 'files');
	ok(!(grep { m{etc/} } $complete->('queue', 'etc/post')),
	    'only where a file is meant');
};

$gateway->cli('delete', '--all');
ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
