#!/usr/bin/perl
# Actions on the body end to end: disclaimers, replaced text, attachments
# taken out.  What arrives is read by another parser (Python's email package)
# where that is installed, and by openssl where it is signed.
use strict;
use warnings;
use utf8;
use lib 't/lib';
use Encode qw(decode encode);
use File::Temp qw(tempdir);
use IPC::Open2 qw(open2);
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

# Filter by filter, chosen by a field of the message.
my %actions = (
	footer => 'add-footer("legal")',
	heading => 'add-heading("legal")',
	both => 'add-heading("short")',
	japanese => 'add-footer("japanese")',
	edit => 'edit-body-text("(?i)secret", "[$MID]")',
	plain => 'html-convert()',
	name => 'drop-attachments-by-name("(?i)\.exe$")',
	text => 'drop-attachments-by-name("(?i)\.exe$", ' .
	    '"$dropped_filename went; $dropped_filenames")',
	nothing => 'drop-attachments-by-name("(?i)\.exe$", "")',
	type => 'drop-attachments-by-type("application/pdf")',
	filetype => 'drop-attachments-by-filetype("Documents")',
	mimetype => 'drop-attachments-by-mimetype("image/*")',
	size => 'drop-attachments-by-size(1K)',
	contains => 'drop-attachments-where-contains("4111 1111", 2)',
);
my $filters = join '', map { <<"YAML" } sort keys %actions;
    - name: $_
      conditions: ['header("X-Do") == "^$_\$"']
      actions: ['$actions{$_}']
YAML

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(
    config => encode('UTF-8', Postern::Gateway::default_config($sink,
	extra => <<"YAML")));
text_resources:
  legal:
    type: disclaimer
    text: |
      Sent by \$EnvelopeFrom about \$Subject.
      Größe is <not> a secret.
  short: { type: disclaimer, text: Short. }
  japanese:
    type: disclaimer
    text: 日本語の免責事項
    html: |
      <p class="j">日本語の免責事項</p>
content_filters:
  outgoing:
$filters
YAML

my $count = 0;
# The message as it arrived, and the id that it had.
sub through {
	my ($do, $data) = @_;
	my $from = 'm' . ++$count . '@client.test';
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(to => 'user@sink.test', from => $from,
	    data => "X-Do: $do\r\n$data");
	$client->quit;
	my ($mid) = $reply =~ /queued as (\d+)/ or fail("taken: $reply");
	my $message = wait_until(10, sub {
		(grep { $_->{from} eq $from } $sink->messages)[0] });
	return unless $message;
	my $body = Postern::Sink::body_of($message);
	$body =~ s/\AX-Do: [^\r]*\r\n// or fail('our field');
	unlike($body, qr/(?<!\r)\n|\r(?!\n)/, 'every line ends in CRLF');
	unlike($body, qr/^[^\r\n]{999}/m, 'no line is too long');
	return wantarray ? ($body, $mid, $from) : $body;
}

# ---- the other parser ----------------------------------------------------

my $reader = <<'PYTHON';
import sys, json, email
from email import policy
parts = []
message = email.message_from_bytes(sys.stdin.buffer.read())
for part in message.walk():
    one = { 'type': part.get_content_type(), 'name': part.get_filename(),
        'multipart': part.is_multipart(),
        'defects': [type(d).__name__ for d in part.defects] }
    if not part.is_multipart():
        raw = part.get_payload(decode=True)
        if part.get_content_maintype() == 'text':
            one['text'] = raw.decode(part.get_content_charset('us-ascii'))
        else:
            one['text'] = raw.decode('latin-1')
    parts.append(one)
print(json.dumps(parts))
PYTHON
my $has_python = `python3 -c 'import email; print(1)' 2>&1` =~ /^1$/m;

sub parts {
	my ($message) = @_;
	my $pid = open2(my $out, my $in, 'python3', '-c', $reader);
	binmode $in;
	print {$in} $message;
	close $in;
	my $json = do { local $/; <$out> };
	waitpid $pid, 0;
	return @{ decode_json($json) };
}

sub leaves { return grep { !$_->{multipart} } parts(@_) }

# ---- disclaimers ---------------------------------------------------------

my $subject = "Subject: a <b>\r\nMIME-Version: 1.0\r\n";
my $words = "about a <b>.\r\nGröße is <not> a secret.\r\n";

sub text_message {
	my ($type, $encoding, $bytes) = @_;
	return "${subject}Content-Type: $type\r\n" .
	    "Content-Transfer-Encoding: $encoding\r\n\r\n$bytes";
}

subtest 'plain text in every encoding' => sub {
	my ($got, undef, $from) = through('footer', text_message('text/plain',
	    '7bit', "hello\r\n"));
	my $stamp = "Sent by $from $words";
	is($got, text_message('text/plain; charset=utf-8', 'quoted-printable',
	    "hello\r\n\r\nSent by $from about a <b>.\r\n" .
	    "Gr=C3=B6=C3=9Fe is <not> a secret.\r\n"), '7bit');
	($got, undef, $from) = through('footer', text_message(
	    'text/plain; charset=utf-8', 'base64',
	    encode_base64("hello\r\n", "\r\n")));
	is($got, text_message('text/plain; charset=utf-8', 'base64',
	    encode_base64(encode('UTF-8', "hello\r\n\r\nSent by $from $words"),
	    "\r\n")), 'base64');
	($got, undef, $from) = through('heading', text_message(
	    'text/plain; charset=iso-8859-1', '8bit', "gr\xfcn\r\n"));
	is($got, text_message('text/plain; charset=iso-8859-1', '8bit',
	    encode('ISO-8859-1', "Sent by $from $words\r\ngrün\r\n")),
	    'latin-1 that can say it');
	my ($part) = $has_python ? leaves(scalar through('japanese',
	    text_message('text/plain; charset=iso-8859-1', '8bit',
	    "gr\xfcn\r\n"))) : ();
	SKIP: {
		skip 'python3 is not installed', 1 unless $part;
		is($part->{text}, "grün\r\n\r\n日本語の免責事項\r\n",
		    'latin-1 that cannot becomes UTF-8');
	}
	is(through('both', text_message('text/plain; format=flowed', '7bit',
	    "flows \r\non\r\n")), text_message('text/plain; format=flowed',
	    '7bit', "Short.\r\n\r\nflows \r\non\r\n"), 'format=flowed');
};

my $html = "<html><body>gr\xfcn</body></html>\r\n";
subtest 'HTML' => sub {
	my $got = through('japanese', text_message(
	    'text/html; charset=iso-8859-1', '8bit', $html));
	my $points = join '', map { '&#' . ord($_) . ';' }
	    split //, '日本語の免責事項';
	is($got, text_message('text/html; charset=iso-8859-1', '8bit',
	    $html =~ s{</body>}{<p class="j">$points</p>\r\n</body>}r),
	    'within the body, in the charset of the page');
	$got = through('heading', text_message(
	    'text/html; charset=iso-8859-1', '8bit', $html));
	like($got, qr{<body><p>Sent by \S+ about a &lt;b&gt;\.<br>\r
Gr\xf6\xdfe is &lt;not&gt; a secret\.</p>\r\ngr\xfcn},
	    'made from the text, with what came from outside escaped');
};

my $calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n";
my $image = "--m\r\nContent-Type: image/png; name=a.png\r\n" .
    "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\nAAAA=\r\n";
sub alternative {
	my ($plain, $page) = @_;
	return $subject . "Content-Type: multipart/mixed; boundary=m\r\n\r\n" .
	    "preamble\r\n--m\r\nContent-Type: multipart/alternative; " .
	    "boundary=a\r\n\r\n--a\r\n\r\nhello$plain\r\n--a\r\n" .
	    "Content-Type: text/html\r\n\r\n<p>hello</p>$page\r\n--a\r\n" .
	    "Content-Type: text/calendar; method=REQUEST\r\n\r\n$calendar" .
	    "\r\n--a--\r\n$image" . "--m--\r\nepilogue\r\n";
}
is(through('both', alternative('', '')), alternative('', '') =~
    s/\r\n\r\nhello/\r\n\r\nShort.\r\n\r\nhello/r =~
    s{<p>hello}{<p>Short.</p>\r\n<p>hello}r,
    'each form of the body, and nothing else: an invitation stays one');
my $invitation = text_message('text/calendar; method=REQUEST', '7bit',
    $calendar);
is(through('both', $invitation), $invitation,
    'nothing but an invitation is left alone');
my $opaque = text_message('application/pkcs7-mime; name=smime.p7m', 'base64',
    "AAAA\r\n");
my $wrapped = '\ASubject: a <b>\r\nMIME-Version: 1\.0\r\n' .
    'Content-Type: multipart/mixed;\r\n\tboundary="(.*?)"\r\n\r\n' .
    '--\1\r\nContent-Type: text/plain; .*?\r\n\r\nShort\.\r\n\r\n' .
    '--\1\r\nContent-Type: application/pkcs7-mime; name=smime\.p7m\r\n' .
    'Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n\r\n--\1--\r\n\z';
like(through('both', $opaque), qr/$wrapped/s,
    'what is encrypted stands beside it, as it was');

subtest 'M20: a signed message verifies behind the footer' => sub {
	plan skip_all => 'openssl is not installed'
	    unless `openssl version 2>&1` =~ /^OpenSSL/;
	my $folder = tempdir(CLEANUP => 1);
	my $run = sub {
		my ($command) = @_;
		my $out = `cd $folder && openssl $command 2>&1`;
		is($? >> 8, 0, (split ' ', $command)[0]) or diag $out;
	};
	$run->('req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out ' .
	    'cert.pem -days 2 -subj /CN=anna -addext ' .
	    'extendedKeyUsage=emailProtection');
	my $write = sub {
		my ($name, $bytes) = @_;
		open my $out, '>:raw', "$folder/$name" or die $!;
		print {$out} $bytes;
		close $out;
	};
	$write->('content', "Content-Type: text/plain; charset=iso-8859-1\r\n" .
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n" .
	    "gr=FCn=20\r\nsecret\r\n");
	$run->('cms -sign -in content -signer cert.pem -inkey key.pem ' .
	    '-md sha256 -crlfeol -out signed');
	my $signed = Postern::Gateway::slurp("$folder/signed") =~
	    s/\r?\n/\r\n/gr;
	my ($entity) = $signed =~ /(Content-Type: multipart.*)\z/s;
	for my $do (qw(footer heading)) {
		my $got = through($do, "Subject: a <b>\r\n$signed");
		my ($boundary) = $got =~
		    /^Content-Type: multipart\/mixed;\r\n\tboundary="(.*?)"/m;
		my (undef, @inside) = split /\r\n--\Q$boundary\E(?:--)?\r\n/,
		    $got;
		my ($kept) = grep { /multipart\/signed/ } @inside;
		my ($note) = grep { !/multipart\/signed/ } @inside;
		is($kept, $entity, "$do: byte for byte");
		like($note, qr/a secret\./, "$do: beside it");
		$write->('got', "MIME-Version: 1.0\r\n$kept");
		$run->('cms -verify -in got -CAfile cert.pem -out verified');
		# Nothing else would have verified.
		$write->('got', "MIME-Version: 1.0\r\n" .
		    ($kept =~ s/secret/Secret/r));
		isnt(system("cd $folder && openssl cms -verify -in got " .
		    '-CAfile cert.pem -out verified 2>/dev/null'), 0,
		    "$do: and a changed one does not");
	}
	like(through('edit', "Subject: a <b>\r\n$signed"),
	    qr/multipart\/mixed.*\[\d+\].*The signature of this/s,
	    'a changed text is signed no more, and says so');
};

# ---- text ----------------------------------------------------------------

subtest 'edit-body-text, html-convert' => sub {
	my $page = text_message('text/html; charset=iso-8859-1', 'base64',
	    encode_base64("<p>gr\xfcn SECRET &amp; <b>bo</b>ld</p>", "\r\n"));
	my ($got, $mid) = through('edit', $page);
	is($got, text_message('text/html; charset=iso-8859-1', 'base64',
	    encode_base64("<p>gr\xfcn [$mid] &amp; <b>bo</b>ld</p>", "\r\n")),
	    'decoded, replaced, encoded as before');
	$got = through('plain', $page);
	like($got, qr{^Content-Type: text/plain; charset=utf-8\r$}m,
	    'no HTML any more');
	is_deeply([map { $_->{text} } leaves($got)],
	    ["grün SECRET & bold\r\n"], 'but its text') if $has_python;
	my $other = text_message('text/plain', '7bit', "nothing\t \r\n--\r\n");
	is(through($_, $other), $other, "$_: no match, no change")
	    for qw(edit plain name size contains);
};

# ---- attachments ---------------------------------------------------------

my %parts = (
	body => "Content-Type: text/plain\r\n\r\ncard 4111 1111 4111 1111",
	exe => "Content-Type: application/octet-stream\r\n" .
	    "Content-Disposition: attachment; filename*=utf-8''%E2%82%AC.EXE" .
	    "\r\nContent-Transfer-Encoding: base64\r\n\r\nTVqQAA==",
	pdf => "Content-Type: application/octet-stream; name=\"a.doc\"\r\n\r\n" .
	    "%PDF-1.4\r\n%x",
	image => "Content-Type: image/gif\r\nContent-ID: <1>\r\n\r\nGIF89a",
	large => "Content-Type: application/x-large\r\n\r\n" .
	    join("\r\n", ('x' x 70) x 15),
	list => "Content-Type: text/csv; charset=utf-16le; name=l.csv\r\n" .
	    "Content-Transfer-Encoding: base64\r\n\r\n" .
	    encode_base64(encode('UTF-16LE', "4111 1111\n4111 1111\n"), ''),
	mail => "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n" .
	    "Content-Type: application/octet-stream; name=b.exe\r\n\r\nMZ",
);
my @order = qw(body exe pdf image large list mail);
sub with_parts {
	my (%parts) = @_;
	return "${subject}Content-Type: multipart/mixed; boundary=m\r\n\r\n" .
	    join('', map { defined $parts{$_} ? "--m\r\n$parts{$_}\r\n" : () }
	    @order) . "--m--\r\n";
}
sub gone {
	my ($words, $charset, $encoding) = @_;
	return "Content-Type: text/plain; charset=" .
	    ($charset // 'us-ascii') . "\r\nContent-Transfer-Encoding: " .
	    ($encoding // '7bit') . "\r\nContent-Disposition: inline\r\n\r\n" .
	    $words;
}
sub removed { return gone("The attachment $_[0] was removed.") }
my @utf8 = qw(utf-8 quoted-printable);
my $inner = "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n";
sub inner_gone {
	my $text = gone(@_);
	return $inner . ($text =~ s/\r\n\r\n/\r\nMIME-Version: 1.0\r\n\r\n/r) .
	    "\r\n";
}
my %expected = (
	name => { exe => gone("The attachment =E2=82=AC.EXE was removed.",
	    @utf8), mail => inner_gone(
	    'The attachment b.exe was removed.') },
	text => { exe => gone("=E2=82=AC.EXE went; =E2=82=AC.EXE, b.exe",
	    @utf8), mail => inner_gone(
	    'b.exe went; =E2=82=AC.EXE, b.exe', @utf8) },
	nothing => { exe => undef, mail => inner_gone('') },
	type => { pdf => removed('a.doc') },
	filetype => { pdf => removed('a.doc') },
	mimetype => { image => removed('image/gif') },
	size => { large => removed('application/x-large') },
	contains => { list => removed('l.csv') },
);
for my $do (sort keys %expected) {
	my $got = through($do, with_parts(%parts));
	is($got, with_parts(%parts, %{ $expected{$do} }), "drop by $do");
	next unless $has_python;
	is_deeply([map { @{ $_->{defects} } } parts($got)], [],
	    'and another parser reads it');
}

subtest 'a message that is nothing but the attachment' => sub {
	is(through('name', "Subject: s\r\nContent-Type: application/x; " .
	    "name=\"a.exe\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" .
	    "TVqQAA==\r\n"), "Subject: s\r\n" .
	    gone("The attachment a.exe was removed.\r\n") =~
	    s/\r\n\r\n/\r\nMIME-Version: 1.0\r\n\r\n/r, 'has the text');
};

$gateway->stop;
$gateway->finish;
done_testing;
