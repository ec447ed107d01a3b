#!/usr/bin/perl
# Messages that filters make and routes that they choose, end to end: copies,
# copies that are judged again, held copies, notices, other recipients, other
# hosts, other bounce profiles; and none of them twice, whoever dies.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $second = Postern::Sink->new;
my $gateway = Postern::Gateway->new(expect => [qr/event=failed/,
    qr/event=(?:child_ended|scan_channel_lost|queue_channel_lost)/],
    config => Postern::Gateway::default_config($sink, extra => <<"YAML"));
  silent:
    send_bounces: false
quarantines:
  Policy: { description: for a look }
content_filters:
  outgoing:
    - name: audit
      conditions: ['subject == "^audit"']
      actions:
        - insert-header("X-Before", "1")
        - bcc("audit\@sink.test", "Copy of \$Subject", "returns\@client.test")
        - insert-header("X-After", "1")
    - name: other_host
      conditions: ['subject == "^other host"']
      actions:
        - bcc("audit\@sink.test", "", "<>", "127.0.0.1:$second->{port}")
    - name: again
      conditions: ['subject == "^again"']
      actions: ['bcc-scan("audit\@sink.test", "scan me")']
    - name: scanned
      conditions: ['subject == "^scan me"']
      actions: ['insert-header("X-Scanned", "yes")']
    - name: circle
      conditions: ['subject == "^circle"']
      actions: ['bcc-scan("circle\@sink.test")']
    - name: duplicate
      conditions: ['subject == "^duplicate"']
      actions: ['duplicate-quarantine("Policy")']
    - name: tell
      conditions: ['subject == "^tell"']
      actions: ['notify("admin\@sink.test", "Notice: \$Subject")']
    - name: tell_all
      conditions: ['subject == "^everyone"']
      actions:
        - notify-copy("\$EnvelopeFrom, \$EnvelopeRecipients")
        - drop()
    - name: replace
      conditions: ['subject == "^replace"']
      actions: ['alt-rcpt-to("instead\@sink.test")']
    - name: reroute
      conditions: ['subject == "^reroute"']
      actions: ['alt-mailhost("[127.0.0.1]:$second->{port}")']
    - name: hush
      conditions: ['subject == "^hush"']
      actions: ['bounce-profile("silent")']
    - name: nothing
      conditions: ['subject == "^nothing"']
      actions: ['no-op()']
YAML

my $end = "From: joe\@client.test\r\nTo: user\@sink.test\r\n\r\nbody\r\n";
my $count = 0;

# (sender, MID) of a message with that subject.
sub submit {
	my ($subject, %o) = @_;
	my $n = ++$count;
	my $from = $o{from} // "m$n\@client.test";
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(to => $o{to} // 'user@sink.test',
	    from => $from, data => ($o{field} // '') .
	    "Subject: $subject\r\n$end");
	$client->quit;
	my ($mid) = $reply =~ /queued as (\d+)/ or fail("taken: $reply");
	return ($from, $mid);
}

sub found {
	my ($where, %wanted) = @_;
	return grep {
		my $m = $_;
		(!defined $wanted{from} || $m->{from} eq $wanted{from}) &&
		    (!defined $wanted{to} ||
			grep { $_ eq $wanted{to} } @{ $m->{to} }) &&
		    (!defined $wanted{subject} ||
			$m->{data} =~ /^Subject: \Q$wanted{subject}\E\r$/m)
	} $where->messages;
}

# Those that are there once the queue is empty; at least one is waited for.
sub settled {
	my ($where, %wanted) = @_;
	wait_until(20, sub { scalar(found($where, %wanted)) });
	ok($gateway->wait_empty, 'nothing is left in the queue');
	return found($where, %wanted);
}

subtest 'bcc' => sub {
	my ($from) = submit('audit this');
	my @copies = settled($sink, to => 'audit@sink.test');
	is(@copies, 1, 'one copy') or return;
	is($copies[0]{from}, 'returns@client.test', 'its return path');
	like($copies[0]{data}, qr/^Subject: Copy of audit this\r$/m,
	    'its subject');
	like($copies[0]{data}, qr/^X-Before: 1\r$/m, 'what came before it');
	unlike($copies[0]{data}, qr/^X-After/m, 'not what came behind');
	my @original = found($sink, from => $from);
	is(@original, 1, 'the message itself goes on');
	like($original[0]{data}, qr/^X-After: 1\r$/m, 'with all its changes');
	is_deeply($original[0]{to}, ['user@sink.test'], 'to its recipient');
	submit('other host');
	@copies = settled($second, to => 'audit@sink.test');
	is(@copies, 1, 'a copy by another host');
	is($copies[0]{from}, '', 'from the null sender');
};

subtest 'bcc-scan' => sub {
	submit('again');
	my @copies = settled($sink, subject => 'scan me');
	is(@copies, 1, 'one copy');
	like($copies[0]{data}, qr/^X-Scanned: yes\r$/m, 'which was judged');
	my (undef, $mid) = submit('circle');
	@copies = settled($sink, to => 'circle@sink.test');
	is(@copies, 3, 'F08: it comes back three times at most');
	ok((grep { $_->{entry} =~ /made no copy/ }
	    $gateway->events('filter_log')), 'which is logged');
};

subtest 'duplicate-quarantine' => sub {
	my ($from) = submit('duplicate');
	wait_until(20, sub { scalar(found($sink, from => $from)) });
	my $list = [];
	wait_until(20, sub {
		$list = $gateway->json('quarantine', 'list')->{messages};
		scalar @$list;
	});
	is(@$list, 1, 'one copy is held');
	is(found($sink, from => $from), 1, 'the message was delivered');
	my ($status) = $gateway->cli('quarantine', 'release',
	    $list->[0]{mid});
	is($status, 0, 'the copy is released');
	wait_until(20, sub { found($sink, from => $from) == 2 });
	my @both = found($sink, from => $from);
	is(@both, 2, 'and delivered') or return;
	is(Postern::Sink::body_of($both[0]), Postern::Sink::body_of($both[1]),
	    'as it was');
	is_deeply($both[1]{to}, ['user@sink.test'], 'to whom it was for');
};

# What another parser sees in a message; undef without Python.
sub python {
	my ($data) = @_;
	my $file = $gateway->write_file('notice.eml', $data);
	open my $in, '-|', 'python3', '-c', <<'PYTHON', $file or return;
import email, email.policy, sys
mail = email.message_from_binary_file(open(sys.argv[1], 'rb'),
    policy=email.policy.default)
print(len(mail.defects), mail['Auto-Submitted'], mail['Subject'], sep='|')
for part in mail.walk():
    print(part.get_content_type(), len(part.defects), sep='|')
PYTHON
	my @lines = <$in>;
	close $in;
	return $? == 0 ? join('', @lines) : undef;
}

subtest 'notify' => sub {
	my ($from, $mid) = submit('tell me');
	my @notices = settled($sink, to => 'admin@sink.test');
	is(@notices, 1, 'one notice') or return;
	is($notices[0]{from}, '', 'from the null sender');
	like($notices[0]{data}, qr/^Subject: Notice: tell me\r$/m, 'subject');
	like($notices[0]{data}, qr/^Auto-Submitted: auto-generated\r$/m,
	    'marked');
	like($notices[0]{data}, qr/MID $mid\b/, 'about that message');
	like($notices[0]{data}, qr/^Sender: <\Q$from\E>\r$/m, 'its sender');
	unlike($notices[0]{data}, qr/^body\r$/m, 'nothing of its body');
	is(found($sink, from => $from), 1, 'which was delivered');
	my $read = python($notices[0]{data});
	SKIP: {
		skip 'no python3', 1 unless defined $read;
		is($read, "0|auto-generated|Notice: tell me\ntext/plain|0\n",
		    'read by another parser');
	}
};

subtest 'notify-copy' => sub {
	my ($from) = submit('everyone', to => ['user@sink.test',
	    'two@sink.test']);
	my @notices = settled($sink, to => $from);
	is(@notices, 1, 'the sender is told');
	is(found($sink, to => 'two@sink.test'), 1, 'and a recipient');
	is(found($sink, from => $from), 0, 'the message is dropped');
	like($notices[0]{data}, qr/^Subject: everyone\r\n\Q$end\E/m,
	    'it is attached');
	my $read = python($notices[0]{data});
	SKIP: {
		skip 'no python3', 1 unless defined $read;
		is($read, "0|auto-generated|Message notification\n" .
		    "multipart/mixed|0\ntext/plain|0\nmessage/rfc822|0\n" .
		    "text/plain|0\n", 'read by another parser');
	}
	($from) = submit('everyone', field => "Auto-Submitted: " .
	    "auto-replied\r\n", to => 'quiet@sink.test');
	ok($gateway->wait_empty, 'done');
	is(found($sink, to => 'quiet@sink.test'), 0,
	    'an automatic message gets no answer');
	ok((grep { $_->{entry} =~ /sent by a machine/ }
	    $gateway->events('filter_log')), 'which is logged');
};

subtest 'alt-rcpt-to, alt-mailhost' => sub {
	my ($from) = submit('replace', to => ['user@sink.test',
	    'two@sink.test']);
	my @all = settled($sink, from => $from);
	is(@all, 1, 'one message');
	is_deeply($all[0]{to}, ['instead@sink.test'],
	    'to the other recipient alone');
	($from) = submit('reroute');
	@all = settled($second, from => $from);
	is(@all, 1, 'by the other host');
	is(found($sink, from => $from), 0, 'and by no other');
};

subtest 'bounce-profile' => sub {
	my ($from, $mid) = submit('hush', to => 'permfail-a@sink.test');
	ok(wait_until(20, sub { grep { ($_->{mid} // 0) == $mid }
	    $gateway->events('bounce_suppressed') }), 'nobody is told');
	($from) = submit('loud', to => 'permfail-b@sink.test');
	is(settled($sink, to => $from), 1, 'without it the sender is');
	($from) = submit('nothing');
	is(settled($sink, from => $from), 1, 'no-op changes nothing');
};

subtest 'scan dies in the middle' => sub {
	my $before = () = found($sink, to => 'admin@sink.test');
	my (@mids, %killed);
	for my $round (1 .. 6) {
		my @scan;
		wait_until(20, sub {
			@scan = grep { !$killed{$_} }
			    @{ $gateway->pids->{scan} // [] };
			scalar @scan;
		});
		# Stopped, it has them in hand when it dies.
		kill 'STOP', @scan if $round % 2;
		push @mids, map { (submit("tell $round-$_"))[1] } 1 .. 10;
		kill 'KILL', @scan;
		@killed{@scan} = (1) x @scan;
	}
	ok(keys %killed >= 6, 'scan was killed again and again');
	ok($gateway->wait_empty(60), 'all are done');
	my %told;
	for my $notice (found($sink, to => 'admin@sink.test')) {
		$told{$1}++ if $notice->{data} =~ /Message: MID (\d+),/;
	}
	is_deeply([grep { ($told{$_} // 0) != 1 } @mids], [],
	    'each is told once');
	my $after = () = found($sink, to => 'admin@sink.test');
	is($after - $before, 60, 'and nothing else');
};

$gateway->finish;
done_testing;
