#!/usr/bin/perl
# An envelope from its sender to its recipient, in a browser without script:
# by its form, by its link and the file, with every way to be turned away.
use strict;
use warnings;
use lib 't/lib';
use MIME::Base64 qw(encode_base64);
use Test::More;
use Postern::Port qw(wait_until);
use Postern::Protection;
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $trial = Postern::Protection->new(hosts => "127.0.0.1:$sink->{port}");
my $gateway = $trial->gateway;

my $count = 0;
my $attachment = join '', map { chr($_ & 255) } 0 .. 4000;
sub message {
	my ($n, %o) = @_;
	my $to = $o{header_to} // "<r$n\@d.test>";
	return join "\r\n", "From: Ann <ann\@client.test>", "To: $to",
	    "Subject: [SECURE] canary-subject-$n",
	    "Message-ID: <canary-id-$n\@client.test>", 'MIME-Version: 1.0',
	    'Content-Type: multipart/mixed; boundary=b', '', '--b',
	    'Content-Type: text/html; charset=utf-8', '',
	    "<p>canary-body-$n</p><script>alert(1)</script>" .
	    '<img src="http://127.0.0.1:9/spy"><form action="/x">' .
	    '<meta http-equiv=refresh content="0;url=http://127.0.0.1:9">',
	    '--b', 'Content-Type: application/octet-stream',
	    "Content-Disposition: attachment; filename=canary-file-$n.bin",
	    'Content-Transfer-Encoding: base64', '',
	    encode_base64($attachment, "\r\n") . '--b--', '';
}

# { n, file, link, clear } of a new envelope.
sub envelope {
	my (%o) = @_;
	my $n = ++$count;
	my $to = $o{to} // ["r$n\@d.test"];
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(from => 'ann@client.test', to => $to,
	    data => message($n, %o));
	$client->quit;
	my $mail = Postern::Protection::wait_mail($sink, $to->[0], 0) or
	    BAIL_OUT("no envelope: $reply\n" . $gateway->log_text);
	return { n => $n, mail => $mail->{data}, clear => message($n, %o),
	    file => Postern::Protection::envelope_file($mail->{data}),
	    link => Postern::Protection::envelope_link($mail->{data}) };
}

sub post_file {
	my ($browser, $envelope) = @_;
	return $browser->submit($browser->form(qr{/open$},
	    $envelope->{file}));
}

# Ask for a code on the page at hand; the code that was mailed, if any.
sub ask_code {
	my ($browser, $to, %o) = @_;
	my $known = grep { grep { $_ eq $to } @{ $_->{to} } }
	    $sink->messages;
	$browser->submit($browser->form(qr{/code$}), %{ $o{fields} // {} });
	return if $o{none};
	my $mail = Postern::Protection::wait_mail($sink, $to, $known) or
	    return;
	return Postern::Protection::code_of($mail->{data});
}

sub give_code {
	my ($browser, $code) = @_;
	return $browser->submit($browser->form(qr{/verify$}), code => $code);
}

subtest 'by the form, message and attachments byte for byte' => sub {
	my $envelope = envelope();
	unlike($envelope->{mail}, qr/canary-(?:body|file|id)/,
	    'X05: nothing of it is in clear');
	my $browser = $trial->browser;
	is(post_file($browser, $envelope)->{status}, 200, 'the file');
	my $code = ask_code($browser, 'r1@d.test');
	like($code, qr/^\d{8}$/, 'a code of eight digits');
	my $page = give_code($browser, $code);
	is($page->{status}, 200, 'opened');
	like($page->{body}, qr/canary-subject-1/, 'with its true subject');
	like($page->{fields}{'content-security-policy'},
	    qr/default-src 'none'/, 'X01: under a policy that loads nothing');
	like($page->{body}, qr/<iframe[^>]*sandbox=/, 'X01: in a sandbox');
	unlike($page->{body} =~ s/srcdoc="[^"]*"//r, qr/<script|<form|spy/,
	    'X01: and nothing of it outside');
	my ($whole) = $page->{body} =~ m{href="([^"]*message\.eml)"};
	my $eml = $browser->get($whole)->{body};
	is(substr($eml, -length $envelope->{clear}), $envelope->{clear},
	    'the whole message');
	my ($part) = $page->{body} =~ m{href="(/opened/[0-9a-f]+/1)"};
	my $file = $browser->get($part);
	is($file->{body}, $attachment, 'the attachment');
	like($file->{fields}{'content-disposition'},
	    qr/^attachment;.*canary-file-1\.bin/, 'under its name');
	is($file->{fields}{'x-content-type-options'}, 'nosniff',
	    'as nothing but a file');
	is($trial->browser->get($part)->{status}, 404,
	    'K05: another browser gets nothing');
};

subtest 'by the link, with the file chosen there' => sub {
	my $envelope = envelope();
	my $browser = $trial->browser;
	is($browser->get($envelope->{link})->{status}, 200, 'the page');
	give_code($browser, ask_code($browser, 'r2@d.test'));
	my $page = $browser->post_multipart('/open',
	    ['file', $envelope->{file}, 'securedoc.html']);
	like($page->{body}, qr/canary-subject-2/, 'opened');
};

subtest 'K01: wrong, reused and expired codes' => sub {
	my $envelope = envelope();
	my $browser = $trial->browser;
	post_file($browser, $envelope);
	my $code = ask_code($browser, 'r3@d.test');
	my $wrong = $code eq '00000000' ? '00000001' : '00000000';
	my $page;
	for my $left (4, 3, 2, 1) {
		$page = give_code($browser, $wrong);
		like($page->{body}, qr/\b$left\b/, "wrong: $left left");
	}
	$page = give_code($browser, $wrong);
	unlike($page->{body}, qr/canary/, 'the fifth ends it');
	$page = give_code($browser, $code) if $browser->form(qr{/verify$});
	unlike($page->{body}, qr/canary/, 'then the right one is too late');

	my $owner = $trial->browser;
	$gateway->move_clock(31);
	post_file($owner, $envelope);
	$code = ask_code($owner, 'r3@d.test');
	ok($code, 'the owner is not locked out');
	my $verify = $owner->form(qr{/verify$});
	$page = $owner->submit($verify, code => $code);
	like($page->{body}, qr/canary-subject-3/, 'and opens it');
	my $thief = $trial->browser;
	post_file($thief, $envelope);
	$page = $thief->submit($verify, code => $code);
	unlike($page->{body}, qr/canary/, 'a code is good for one browser');

	my $slow = envelope();
	$browser = $trial->browser;
	post_file($browser, $slow);
	$code = ask_code($browser, 'r4@d.test');
	$gateway->move_clock(16 * 60);
	$page = give_code($browser, $code);
	unlike($page->{body}, qr/canary/, 'an old code opens nothing');
};

subtest 'K02: strangers are answered like recipients' => sub {
	my $envelope = envelope(header_to => 'undisclosed-recipients:;');
	my @bodies;
	for my $address ('r5@d.test', 'stranger@d.test') {
		my $browser = $trial->browser;
		$browser->get($envelope->{link});
		ask_code($browser, $address, none => 1,
		    fields => { address => $address, choice => 0 });
		my $body = $browser->{page}{body};
		$body =~ s/value="[0-9a-f]{32,}"/value=""/g;
		$body =~ s/upload=[0-9a-f]+/upload=/g;
		push @bodies, "$browser->{page}{status}\n$body";
		$gateway->move_clock(1000);
	}
	is($bodies[0], $bodies[1], 'the same page');
	ok(Postern::Protection::wait_mail($sink, 'r5@d.test', 1),
	    'the recipient has mail');
	is(scalar(grep { grep { $_ eq 'stranger@d.test' } @{ $_->{to} } }
	    $sink->messages), 0, 'the stranger has none');
};

subtest 'K05, K06: not theirs, locked, expired' => sub {
	my $mine = envelope();
	my $theirs = envelope();
	my $browser = $trial->browser;
	post_file($browser, $mine);
	give_code($browser, ask_code($browser, "r$mine->{n}\@d.test"));
	like($browser->{page}{body}, qr/canary-subject-$mine->{n}/, 'mine');
	my $page = post_file($browser, $theirs);
	unlike($page->{body}, qr/canary/, 'K05: not what another received');

	my ($id) = $mine->{link} =~ m{/m/(\w+)};
	is(($gateway->cli('envelope', 'lock', $id))[0], 0, 'locked');
	$page = post_file($browser, $mine);
	unlike($page->{body}, qr/canary-body/, 'K06: opens no more');
	like($page->{body}, qr/withdrawn/, 'and says why');
	is(($gateway->cli('envelope', 'unlock', $id))[0], 0, 'unlocked');
	$page = post_file($browser, $mine);
	like($page->{body}, qr/canary-subject-$mine->{n}/, 'opens again');
	my ($reference) = $mine->{mail} =~ /^Reference: (\S+)/m;
	my $shown = $gateway->json('envelope', 'show', $reference);
	ok($shown, 'found by its reference');
	is(($gateway->cli('envelope', 'expire', $id, '2020-01-01T00:00:00Z'))
	    [0], 0, 'expired');
	$page = post_file($browser, $mine);
	unlike($page->{body}, qr/canary-body/, 'K06: opens no more');
	like($page->{body}, qr/expired/, 'and says why');
};

subtest 'K05: ids that nobody gave' => sub {
	my $browser = $trial->browser;
	is($browser->get('/m/' . '0' x 32)->{status}, 404, 'unknown');
	is($browser->get('/m/' . '0' x 31)->{status}, 404, 'too short');
	is($browser->get('/opened/' . '0' x 32 . '/')->{status}, 404,
	    'nothing is open');
};

subtest 'a reference finds, and never opens' => sub {
	my $envelope = envelope();
	my ($reference) = $envelope->{mail} =~ /^Reference: (\S+)/m;
	my $to = "r$envelope->{n}\@d.test";
	my @bodies;
	for my $address ($to, 'stranger@d.test') {
		my $browser = $trial->browser;
		$browser->get('/');
		my $page = $browser->submit($browser->form(qr{/find$}),
		    reference => lc $reference, address => $address);
		push @bodies, $page->{body};
		unlike($page->{body}, qr/canary|\/m\/[0-9a-f]{32}/,
		    'the page says nothing');
		$gateway->move_clock(1000);
	}
	is($bodies[0], $bodies[1], 'to nobody');
	my $mail = Postern::Protection::wait_mail($sink, $to, 1);
	like($mail->{data}, qr/\Q$envelope->{link}\E/,
	    'the link is mailed to the recipient');
};

subtest 'several recipients, one in blind copy' => sub {
	my $n = $count + 1;
	my $envelope = envelope(to => ["r$n\@d.test", "blind$n\@d.test"]);
	unlike($envelope->{mail}, qr/blind$n/, 'X05: it shows nobody');
	for my $address ("r$n\@d.test", "blind$n\@d.test") {
		my $browser = $trial->browser;
		post_file($browser, $envelope);
		unlike($browser->{page}{body}, qr/blind/, 'nor does the page');
		give_code($browser, ask_code($browser, $address,
		    fields => { choice => 0, address => $address }));
		like($browser->{page}{body}, qr/canary-subject-$n/,
		    "$address opens it");
		$gateway->move_clock(1000);
	}
};

subtest 'X02: an envelope that was changed opens nothing' => sub {
	my $envelope = envelope();
	my $browser = $trial->browser;
	post_file($browser, $envelope);
	give_code($browser, ask_code($browser, "r$envelope->{n}\@d.test"));
	like($browser->{page}{body}, qr/canary-subject/, 'as it came: opens');
	(my $changed = $envelope->{file}) =~
	    s/(name="payload"[^>]*>\s*\S{40})(\S)/$1 . ($2 eq 'A' ? 'B' : 'A')/e;
	my $page = post_file($browser, { file => $changed });
	unlike($page->{body}, qr/canary/, 'one byte changed: does not');
};

subtest 'what is on disk' => sub {
	my $d = $gateway->{directory};
	my $stored = join '', map { Postern::Gateway::slurp($_) }
	    glob "$d/vault/*";
	cmp_ok(length $stored, '>', 1000, 'the vault has a database');
	unlike($stored, qr/canary/, 'K07: nothing of any message is in it');
	unlike($gateway->log_text, qr/canary-(?:body|file|subject)/,
	    'X05: nor in the log');
	my $key = Postern::Gateway::slurp("$d/master.key") =~ s/\s//gr;
	unlike($gateway->log_text . $stored, qr/\Q$key\E/i,
	    'K07: nor the master key anywhere');
};

$gateway->finish;
done_testing;
