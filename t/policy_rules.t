#!/usr/bin/perl
# Every rule about header, body, envelope, client, time, chance and
# dictionaries through the whole gateway: each is a filter that leaves its
# mark, so that one message shows which rules were true.
use strict;
use warnings;
use utf8;
use lib 't/lib';
use Encode qw(encode);
use MIME::Base64 qw(encode_base64);
use Test::More;
use Postern::Authority;
use Postern::Gateway;
use Postern::Outbound qw(mid_of);
use Postern::Port qw(wait_until);
use Postern::Protection;
use Postern::Sink;
use Postern::Smtp;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

# condition => messages of which it is true
my @rules = (
	['true', 'rich plain'],
	['not true', ''],
	['subject', 'rich forged'],
	['subject == "^\[SECURE\] Grü"', 'rich'],
	['subject != "SECURE"', 'plain forged'],
	['header("X-Multi")', 'rich'],
	['header("X-Multi") == "^two$"', 'rich'],
	['header("X-Multi") != "two"', 'plain forged'],
	['from-address == "^anna@client\.test$"', 'rich'],
	['from-address == "evil\.test$"', 'forged'],
	['from-address != "client"', 'forged'],
	['addr-count("To", "Cc") == 3', 'rich'],
	['addr-count("To") < 1', 'plain forged'],
	['body-size > 500', 'rich'],
	['body-size < 500', 'plain forged'],
	['body-contains("streng geheim")', 'rich'],
	['body-contains("geheim", 3)', ''],
	['only-body-contains("geheim", 1)', 'rich'],
	['only-body-contains("geheim", 2)', ''],
	['only-body-contains("*aba", 1)', 'plain'],
	['body-contains("*credit")', 'rich'],
	['only-body-contains("*credit")', ''],
	['mail-from == "^ANNA@"', 'rich'],
	['mail-from != "anna"', 'plain forged'],
	['rcpt-to == "^carol@"', 'rich'],
	['rcpt-to != "carol"', 'plain forged'],
	['rcpt-count == 2', 'rich'],
	['rcpt-count < 2', 'plain forged'],
	['recv-listener == "second"', 'rich'],
	['recv-listener != "second"', 'plain forged'],
	['sendergroup == "^inside"', 'rich'],
	['sendergroup != "inside"', 'plain forged'],
	['remote-ip == "127.0.0.0/8"', 'rich plain forged'],
	['remote-ip == "127.0.0.2-127.255.255.255"', ''],
	['remote-ip != "127.0.0.1"', ''],
	['date > "01/01/2020 00:00:00"', 'rich plain forged'],
	['date > "2100-01-01T00:00:00Z"', ''],
	['random(1) == 0', 'rich plain forged'],
	['random(1000) >= 1000', ''],
	['dictionary-match("words", 13)', 'rich'],
	['dictionary-match("words", 14)', ''],
	['body-dictionary-match("words", 3)', 'rich'],
	['body-dictionary-match("words", 4)', ''],
	['attachment-dictionary-match("words", 10)', 'rich'],
	['attachment-dictionary-match("words", 11)', ''],
	['subject-dictionary-match("greetings", 2)', 'rich'],
	['subject-dictionary-match("greetings", 3)', ''],
	['header-dictionary-match("people", "Cc", 2)', 'rich'],
	['mail-from-dictionary-match("people")', 'rich'],
	['rcpt-to-dictionary-match("people")', 'rich'],
	['forged-email-detection("people", 100)', 'rich forged'],
	['forged-email-detection("people", 100) and ' .
	    'not from-address == "client\.test$"', 'forged'],
);
my $filters = join '', map {
	my ($condition) = $rules[$_][0] =~ s/'/''/gr;
	"    - name: rule_$_\n      conditions: ['$condition']\n" .
	    "      actions: ['insert-header(\"X-Rule-$_\", \"yes\")']\n"
} 0 .. $#rules;

my $sink = Postern::Sink->new;
my $yaml = Postern::Gateway::default_config($sink, extra => <<"YAML");
dictionaries:
  words: { file: words.txt }
  greetings: { terms: ['GRÜßE, 2'] }
  people:
    whole_words: true
    terms: [anna, carol, Example Boss]
content_filters:
  outgoing:
$filters
    - name: replaced
      conditions: ['subject == "your account"']
      actions: ['fed("from", "X-Original-From")']
YAML
$yaml =~ s/^(listeners:\n)/$1  second: { address: 127.0.0.1, port: %PORT(second)%, tls: off }\n/m;
$yaml =~ s/^(sender_groups:\n)/$1  - { name: inside, listeners: [second], addresses: [127.0.0.0\/8], mail_flow_policy: relay }\n/m;
my $gateway = Postern::Gateway->new(config => encode('UTF-8', $yaml),
    files => { 'words.txt' => encode('UTF-8', <<'TXT') });
# weights
geheim, 3
*credit, 7
/pass ?wort/, 2
TXT

# ---- messages ----------------------------------------------------------------

my $body = encode_base64(encode('ISO-8859-1',
    "Das ist streng geheim, schöne Grüße.\r\n"), "\n");
my %messages = (
	rich => { from => 'anna@client.test', port => 'second',
	    to => ['user@sink.test', 'carol@sink.test'], data => <<"MESSAGE" },
From: Anna <anna\@client.test>
To: a\@sink.test, "B, C" <b\@sink.test>
Cc: Carol Anna <carol\@sink.test>
Subject: [SECURE] =?utf-8?Q?Gr=C3=BC=C3=9Fe?=
X-Multi: one
x-multi: two
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: base64

$body
--b
Content-Type: text/csv; name=a.csv
Content-Disposition: attachment

geheim;4111 1111 1111 1111
--b--
MESSAGE
	plain => { from => 'bob@client.test', to => ['user@sink.test'],
	    data => "From: bob\@client.test\n\nPay to 021000021.\n" },
	forged => { from => 'mallory@evil.test', to => ['user@sink.test'],
	    data => "From: \"B\x{043e}ss, ex\x{0430}mple\" <x\@evil.test>\n" .
		"Subject: your account\n\nsoon\n" },
);

sub submit {
	my ($message) = @_;
	my $client = Postern::Smtp->new(
	    port => $gateway->port($message->{port} // 'public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(from => $message->{from},
	    to => $message->{to},
	    data => encode('UTF-8', $message->{data}) =~ s/\n/\r\n/gr);
	$client->quit;
	like($reply, qr/^250/, "$message->{from} is taken");
	my $arrived = wait_until(20, sub {
		(grep { $_->{from} eq $message->{from} } $sink->messages)[0]
	});
	return Postern::Sink::body_of($arrived);
}

my (%arrived, %seen);
for my $name (sort keys %messages) {
	$arrived{$name} = submit($messages{$name});
	my %marks = map { $_ => 1 }
	    $arrived{$name} =~ /^X-Rule-(\d+): yes\r$/mg;
	for my $i (0 .. $#rules) {
		my ($condition, $where) = @{ $rules[$i] };
		my $is_true = $where =~ /\b$name\b/ || 0;
		$is_true = 1 if $condition eq 'true';
		is($marks{$i} // 0, $is_true, "$name: $condition is " .
		    ($is_true ? 'true' : 'false'));
		my ($rule) = $condition =~ /^(?:not )?([\w-]+)/;
		$seen{$rule}{$condition =~ /^not / ? !$is_true : $is_true}++;
	}
}
is_deeply([grep { $_ ne 'true' && keys %{ $seen{$_} } < 2 }
    sort keys %seen], [], 'each rule was true of a message and false of one');

my ($from) = $arrived{forged} =~ /^From: (.*)\r$/m;
is($from, 'mallory@evil.test', 'fed: From is the envelope sender');
is(scalar(() = $arrived{forged} =~ /^From:/mg), 1, 'and the only one');
like($arrived{forged}, qr/^X-Original-From: .*<x\@evil\.test>\r$/m,
    'what it was is kept');
like($arrived{rich}, qr/^From: Anna <anna\@client\.test>\r$/m,
    'another message keeps its own');

# ---- dictionaries ------------------------------------------------------------

my $file = "$gateway->{directory}/postern.yaml";
sub dictionary {
	my ($command, @words) = @_;
	return $gateway->cli('dictionary', $command, @words, '--config',
	    $file);
}

subtest 'import and export' => sub {
	my ($status, $out, $err) = dictionary('export', 'words');
	is($status, 0, 'exported');
	is($out, "geheim, 3\n*credit, 7\n/pass ?wort/, 2\n", 'as text');
	my $new = $gateway->write_file('new.txt', "# new\nsoon, 9\n");
	my $before = (stat "$gateway->{directory}/words.txt")[2];
	($status, $out, $err) = dictionary('import', 'words', $new);
	is($status, 0, 'imported') or diag $err;
	is((stat "$gateway->{directory}/words.txt")[2], $before,
	    'the mode stays');
	is((dictionary('export', 'words'))[1], "soon, 9\n",
	    'and exported again');
	is_deeply([grep { !m{/(?:words|new)\.txt$} }
	    glob "$gateway->{directory}/*.txt*"], [], 'nothing is left over');
	my $copy = "$gateway->{directory}/copy.txt";
	is((dictionary('export', 'words', $copy))[0], 0, 'to a file');
	is(Postern::Gateway::slurp($copy), "soon, 9\n", 'the same');
	isnt((dictionary('export', 'words', $copy))[0], 0,
	    'which is not overwritten');
	my $bad = $gateway->write_file('bad.txt', "good\nbad, 12\n");
	($status, $out, $err) = dictionary('import', 'words', $bad);
	isnt($status, 0, 'a mistake');
	like($err, qr/words: line 2: a weight is a number from 1 to 10/,
	    'is told with its line');
	is((dictionary('export', 'words'))[1], "soon, 9\n",
	    'and changes nothing');
	($status, $out, $err) = dictionary('import', 'people', $new);
	isnt($status, 0, 'a list in the configuration stays as it is');
	($status, $out, $err) = dictionary('show', 'nothing');
	isnt($status, 0, 'a dictionary that is not there');
	like($err, qr/there is no dictionary "nothing"/, 'is told');
	my $list = $gateway->json('dictionary', 'list', '--config', $file);
	is(join(' ', map { "$_->{name}:$_->{terms}" }
	    @{ $list->{dictionaries} }), 'words:1 greetings:1 people:3',
	    'list');
	my $shown = $gateway->json('dictionary', 'show', 'words', '--config',
	    $file);
	is_deeply($shown->{terms}, [{ text => 'soon', kind => 'words',
	    weight => 9 }], 'show');
};

subtest 'what a configuration cannot say' => sub {
	my $good = Postern::Gateway::slurp($file);
	for my $case (
	    ["words: { file: words.txt, terms: [a] }",
		qr/dictionaries\.words\.file: terms stand in the list or in a file, not in both/],
	    ['words: { file: missing.txt }',
		qr/dictionaries\.words\.file: cannot read /],
	    ["words: { terms: [a, '/(/'] }",
		qr/dictionaries\.words\.terms\[2\]: a bad pattern/]) {
		my $bad = $good =~
		    s/^  words: .*\n/"  $case->[0]\n"/mer;
		my $path = $gateway->write_file('bad.yaml', $bad);
		my ($status, undef, $err) = $gateway->cli('config', 'check',
		    $path);
		isnt($status, 0, $case->[0]);
		like($err, $case->[1], 'is told');
	}
	my $smime = $good =~ s/- name: replaced\n.*?\n/- name: quarantine_smime_messages\n      conditions: [smime-gateway-message and not smime-gateway-verified]\n/sr;
	my (undef, undef, $err) = $gateway->cli('config', 'check',
	    $gateway->write_file('bad.yaml', $smime));
	like($err, qr{"smime-gateway-message" needs S/MIME},
	    'the filter of the guide says what it needs');
};

subtest 'test' => sub {
	my $text = $gateway->write_file('t', encode('UTF-8',
	    "Anna, c\x{0430}rol, example boss, annas\n"));
	my $found = $gateway->json('dictionary', 'test', 'people', $text,
	    '--config', $file);
	is($found->{score}, 3, 'the score of a text');
	is($found->{read_as}, 'text', 'as text');
	is($found->{first}, 'Anna', 'with a match');
	my $mail = $gateway->write_file('m',
	    encode('UTF-8', $messages{rich}{data}));
	my $greetings = $gateway->json('dictionary', 'test', 'greetings',
	    $mail, '--config', $file);
	is($greetings->{score}, 2, 'the score of a message');
	is($greetings->{read_as}, 'message', 'decoded');
	my (undef, $out) = dictionary('test', 'people', $text);
	like($out, qr/^score: 3 .*^first: Anna\n.*^ +1 x  carol\n/ms,
	    'in words');
};

subtest 'imported terms judge what comes next' => sub {
	is(($gateway->cli('config', 'load'))[0], 0, 'loaded');
	my $next = submit({ from => 'later@client.test',
	    to => ['user@sink.test'], data =>
	    "From: later\@client.test\n\nsoon\n" });
	my ($at) = grep { $rules[$_][0] eq
	    'body-dictionary-match("words", 4)' } 0 .. $#rules;
	like($next, qr/^X-Rule-$at: yes\r$/m, 'by the new ones');
};
$gateway->finish;

# ---- the filter of the guide ---------------------------------------------------

subtest 'only-body-contains("*aba", 1) and encrypt' => sub {
	my $authority = Postern::Authority->new;
	my $protection = Postern::Protection->new(authority => $authority,
	    hosts => "127.0.0.1:$sink->{port}", start => 0,
	    destinations => "  - { domains: [all], tls: none }\n",
	    profile => "    encrypt_sensitive:\n" .
		"      organisation: Example Ltd\n", filters => <<'YAML');
    - name: bank_data
      conditions: ['only-body-contains("*aba", 1)']
      actions: ['encrypt("encrypt_sensitive", "$Subject")']
YAML
	for my $key (glob "$authority->{directory}/*.key") {
		chown 65534, 65534, $key if $> == 0;
		chmod 0600, $key;
	}
	my $protected = $protection->gateway;
	$protected->start or BAIL_OUT($protected->log_text);
	my $client = Postern::Smtp->new(port => $protected->port('public'));
	$client->command('EHLO client.test');
	my %number = (sealed => '021000021', clear => '021000022');
	for my $name (sort keys %number) {
		my $reply = $client->send(from => "$name\@client.test",
		    to => 'user@sink.test', data => "From: a\@b.test\r\n" .
		    "Subject: bank data\r\n\r\nPay to $number{$name}.\r\n");
		ok(mid_of($reply), "$name is taken");
		my $mail = wait_until(30, sub {
			(grep { $_->{from} eq "$name\@client.test" }
			    $sink->messages)[0] });
		ok($mail, "$name arrives") or next;
		my $is_sealed = defined
		    Postern::Protection::envelope_file($mail->{data});
		is($is_sealed || 0, $name eq 'sealed' || 0, $is_sealed ?
		    'in an envelope' : 'as it was');
		is(scalar($mail->{data} =~ /$number{$name}/) ? 1 : 0,
		    $name eq 'clear' ? 1 : 0, 'what can be read of it');
		like($mail->{data}, qr/^Subject: bank data\r$/m,
		    'its subject');
	}
	$protected->finish;
};
done_testing;
