#!/usr/bin/perl
# Message filters end to end: the language in its file, both directions, what
# is final, what content filters see of it, and loading another file.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $filters = <<'END';
# Comments are kept, and are no filters: x: if true { drop(); }

# The three words in front of a name do nothing by themselves.
sleeping! if true { drop(); }

drops: if (subject == "^drop$") { drop(); }
bounces: if subject == '^bounce$' { bounce(); }

# Numbers of US social security, without parentheses around the condition.
SSN-nohtml: if only-body-contains("*ssn") { quarantine("Policy"); }

nested: if (subject == "^nested" and
            (header("X-Level") == "^1$" or not header("X-Level"))) {
  insert-header("X-Path", "outer");
  if header("X-Level") {
    insert-header("X-Path", "level");
  } else if (body-size > 1K) {
    insert-header("X-Path", "large");
  } else {
    insert-header("X-Path", "small");
    if NOT (mail-from == "nobody") { insert-header("X-Path", "deep"); }
  }
} else if (subject == "^nested") {
  insert-header("X-Path", "other");
}

# AND and OR group from left to right: (true or true) and false.
chain: if (subject == "chain" or subject == "chain" and subject == "no") {
  insert-header("X-Chain", "wrong");
}
chain_right: if (subject == "chain" or (subject == "x" and subject == "no")) {
  insert-header("X-Chain", "right");
}

# Rules see the header as the filters before left it.
first_edit: if subject == "^edit" {
  edit-header-text("Subject", "^edit", "EDIT");
}
second_edit: if subject == "^edit" { drop(); }
third_edit: if subject == "^EDIT" { insert-header("X-Edited", "$Subject"); }

# Ends the message filters, not the content filters.
skip: if subject == "^skip" { skip-filters(); }
behind: if subject == "^skip" { drop(); }

last_wins: if subject == "^two" {
  quarantine("Other");
  quarantine("Policy");
}
END

my $gateway = Postern::Gateway->new(files => { filters => $filters },
    expect => [qr/event=failed/],
    config => Postern::Gateway::default_config($sink, extra => <<'YAML')
message_filters: filters
quarantines:
  Policy: { description: for a look }
  Other: { description: for another }
recipient_access:
  - { patterns: [in.test], action: accept }
content_filters:
  incoming:
    - { name: incoming, actions: ['insert-header("X-Content", "in")'] }
  outgoing:
    - { name: outgoing, actions: ['insert-header("X-Content", "out")'] }
YAML
	=~ s/(sender_groups:\n)/$1  - name: strangers\n    addresses: [127.0.0.2]\n    mail_flow_policy: incoming\n/r
	=~ s/(mail_flow_policies:\n)/$1  incoming: { action: accept, tls: off }\n/r);

my $count = 0;
sub submit {
	my ($data, %o) = @_;
	my $n = ++$count;
	my $client = Postern::Smtp->new(port => $gateway->port('public'),
	    local => delete $o{local});
	$client->command('EHLO client.test');
	my $reply = $client->send(to => 'user@in.test',
	    from => "m$n\@client.test", %o, data => $data);
	$client->quit;
	my ($mid) = $reply =~ /queued as (\d+)/ or fail("taken: $reply");
	return ("m$n\@client.test", $mid);
}

# Its header fields, behind our own.
sub arrives {
	my ($name, $data, $expected, %o) = @_;
	my ($from) = submit($data, %o);
	my $message = wait_until(10, sub {
		(grep { $_->{from} eq $from } $sink->messages)[0] });
	my ($head) = split /\r\n\r\n/, $message ?
	    Postern::Sink::body_of($message) : '';
	is($head, join("\r\n", @$expected), $name);
}

sub event_of {
	my ($event, $mid) = @_;
	return wait_until(10, sub {
		(grep { ($_->{mid} // 0) == $mid }
		    $gateway->events($event))[0] });
}

arrives('outgoing mail passes both kinds of filters',
    "Subject: plain\r\n\r\nb\r\n", ['Subject: plain', 'X-Content: out']);
arrives('incoming mail too', "Subject: edit me\r\n\r\nb\r\n",
    ['Subject: EDIT me', 'X-Edited: EDIT me', 'X-Content: in'],
    local => '127.0.0.2');
arrives('if, else if, else, nested',
    "Subject: nested\r\n\r\nb\r\n", ['Subject: nested', 'X-Path: outer',
    'X-Path: small', 'X-Path: deep', 'X-Content: out']);
arrives('the block of a true condition',
    "Subject: nested\r\nX-Level: 1\r\n\r\nb\r\n", ['Subject: nested',
    'X-Level: 1', 'X-Path: outer', 'X-Path: level', 'X-Content: out']);
arrives('else if inside',
    "Subject: nested\r\n\r\n" . ('b' x 70 . "\r\n") x 20,
    ['Subject: nested', 'X-Path: outer', 'X-Path: large',
    'X-Content: out']);
arrives('else if outside',
    "Subject: nested\r\nX-Level: 2\r\n\r\nb\r\n", ['Subject: nested',
    'X-Level: 2', 'X-Path: other', 'X-Content: out']);
arrives('chains group from left to right',
    "Subject: chain\r\n\r\nb\r\n", ['Subject: chain', 'X-Chain: right',
    'X-Content: out']);
arrives('skip-filters() ends message filters alone',
    "Subject: skip\r\n\r\nb\r\n", ['Subject: skip', 'X-Content: out']);

subtest 'what is final' => sub {
	my (undef, $mid) = submit("Subject: drop\r\n\r\nb\r\n");
	ok(event_of('dropped', $mid), 'dropped');
	is(event_of('judged', $mid)->{disposition}, 'drops',
	    'by that filter alone');
	my ($from) = submit("Subject: bounce\r\n\r\nb\r\n");
	ok(wait_until(10, sub { grep { grep { $_ eq $from } @{ $_->{to} } }
	    $sink->messages }), 'the sender is told');
};

subtest 'quarantine only marks: what follows still sees it' => sub {
	my (undef, $mid) = submit("Subject: my\r\n\r\n" .
	    "the number is 219-09-9999 indeed\r\n");
	is((event_of('quarantined', $mid) // {})->{quarantine}, 'Policy',
	    'a smart identifier, as the examples have it');
	is(event_of('judged', $mid)->{disposition}, 'SSN-nohtml, outgoing',
	    'content filters were asked');
	my (undef, $two) = submit("Subject: two\r\n\r\nb\r\n");
	is((event_of('quarantined', $two) // {})->{quarantine}, 'Policy',
	    'of two the last');
	is(($gateway->cli('quarantine', 'release', $mid))[0], 0, 'released');
	ok(wait_until(10, sub { grep { $_->{data} =~ /219-09-9999/ &&
	    $_->{data} =~ /^X-Content: out\r$/m } $sink->messages }),
	    'as the filters left it');
	is(($gateway->cli('quarantine', 'delete', $two))[0], 0, 'deleted');
};

subtest 'another file, and none' => sub {
	my $d = $gateway->{directory};
	$gateway->write_file('filters', "broken: if (subject == 'x' {\n");
	my ($status, undef, $err) = $gateway->cli('config', 'load');
	isnt($status, 0, 'a mistake is refused');
	like($err, qr{^\Q$d\E/filters:1:28: message_filters: expected "\)"}m,
	    'file, line and column');
	arrives('the old filters go on', "Subject: edit\r\n\r\nb\r\n",
	    ['Subject: EDIT', 'X-Edited: EDIT', 'X-Content: out']);
	$gateway->write_file('filters',
	    "new: if true { insert-header('X-New', 'yes'); }\n");
	($status, undef, $err) = $gateway->cli('config', 'load');
	is($status, 0, 'loaded') or diag $err;
	arrives('new filters judge what comes next',
	    "Subject: edit\r\n\r\nb\r\n", ['Subject: edit', 'X-New: yes',
	    'X-Content: out']);
	my $yaml = Postern::Gateway::slurp("$d/postern.yaml");
	$gateway->write_file('postern.yaml',
	    $yaml =~ s/^content_filters:.*?(?=^processes)//smr);
	is(($gateway->cli('config', 'load'))[0], 0, 'message filters alone');
	arrives('judge, too', "Subject: a\r\n\r\nb\r\n", ['Subject: a',
	    'X-New: yes']);
	$gateway->write_file('filters', '');
	is(($gateway->cli('config', 'load'))[0], 0, 'no filter at all');
	arrives('nothing is changed', "Subject: b\r\n\r\nb\r\n",
	    ['Subject: b']);
};

$gateway->finish;
done_testing;
