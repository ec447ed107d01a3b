#!/usr/bin/perl
# Rules about attachments and about the form of a message, end to end: in the
# process that judges, with its jail, and by a real type database.
use strict;
use warnings;
use lib 't/lib';
use MIME::Base64 qw(encode_base64);
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

# Each rule has a field that says it was true.
my @rules = (
	['Name' => q{attachment-filename == "(?i)\\\\.exe$"}],
	['Type' => q{attachment-type == "application/zip"}],
	['Declared' => q{attachment-mimetype == "image"}],
	['File' => q{attachment-filetype == "Executables"}],
	['Archive' => q{attachment-filetype == "zip"}],
	['No-Picture' => q{attachment-filetype != "Image"}],
	['Mismatch' => q{attachment-mismatch}],
	['Large' => q{attachment-size >= 1K}],
	['Contains' => q{attachment-contains("top secret")}],
	['Every' => q{every-attachment-contains("secret")}],
	['Bytes' => q{attachment-binary-contains("^\\x4d\\x5a")}],
	['Encrypted' => q{encrypted}],
	['Faulty' => q{not valid}],
	['Malformed' => q{malformed-header}],
	['Boundaries' => q{duplicate_boundaries}],
	['Ambiguous' => q{ambiguous}],
	['Unscannable' => q{unscannable}],
);
my $filters = join '', map { my ($name, $rule) = @$_;
	"    - name: f_" . lc($name =~ s/\W/_/gr) . "\n" .
	"      conditions: ['$rule']\n" .
	"      actions: ['insert-header(\"X-$name\", \"yes\")']\n" } @rules;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(
    config => Postern::Gateway::default_config($sink, extra =>
	"content_filters:\n  outgoing:\n$filters"));

my $count = 0;
# The names of the rules that were true for a message.
sub judged {
	my ($name, $data, @expected) = @_;
	my $from = 'm' . ++$count . '@client.test';
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(to => 'user@sink.test', from => $from,
	    data => $data);
	$client->quit;
	like($reply, qr/queued as \d+/, "$name: taken");
	my $message = wait_until(10, sub {
		(grep { $_->{from} eq $from } $sink->messages)[0] });
	my ($header) = $message ? split /\r\n\r\n/,
	    Postern::Sink::body_of($message), 2 : '';
	my @true = $header =~ /^X-([\w-]+): yes\r?$/mg;
	is_deeply([sort @true], [sort @expected], $name);
}

sub coded { "Content-Transfer-Encoding: base64\r\n\r\n" .
    encode_base64($_[0], "\r\n") }

sub mixed {
	return "MIME-Version: 1.0\r\n" .
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n" .
	    join('', map { "--b\r\n$_\r\n" } @_) . "--b--\r\n";
}

my $exe = "MZ\x90\0" . "\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8" . "\0" x 43 .
    "\x80\0\0\0" . "\0" x 64 . "PE\0\0\x4c\1" . "\0" x 1000;
my $zip = "PK\3\4\x14\0\0\0\0\0" . "\0" x 16 . "\1\0\0\0aPK\5\6" . "\0" x 18;

judged('plain text', "Subject: x\r\n\r\nnothing\r\n", 'No-Picture');
judged('a program',
    mixed("\r\nsee", "Content-Type: application/octet-stream; " .
	"name=\"run.EXE\"\r\n" . coded($exe)),
    qw(Name File No-Picture Large Bytes));
judged('a program that is called a picture',
    mixed("\r\nsee", "Content-Type: image/png; name=a.png\r\n" .
	coded($exe)), qw(Declared File No-Picture Mismatch Large Bytes));
judged('an archive', mixed("Content-Type: application/x-zip-compressed; " .
    "name=a.zip\r\n" . coded($zip)), qw(Type Archive No-Picture));
judged('a text',
    mixed("\r\nsee", "Content-Disposition: attachment; filename=a.txt\r\n" .
	coded("top secret\n")), qw(No-Picture Contains Every));
judged('two texts',
    mixed("Content-Disposition: attachment\r\n\r\ntop secret",
	"Content-Disposition: attachment\r\n\r\nnothing"),
    qw(No-Picture Contains));
judged('uuencode in a text', "Subject: x\r\n\r\n" .
    "begin 644 a.exe\r\n" . (pack('u', 'top secret') =~ s/\n/\r\n/gr) .
    "`\r\nend\r\n", qw(Name No-Picture Contains Every));
judged('PGP', "Subject: x\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n",
    qw(No-Picture Encrypted));
judged('two boundaries', "MIME-Version: 1.0\r\nContent-Type: multipart/" .
    "mixed; boundary=a; boundary=b\r\n\r\n--b\r\nContent-Disposition: " .
    "attachment\r\n" . coded('top secret') . "--b--\r\n",
    qw(No-Picture Contains Every Faulty Boundaries Ambiguous));
judged('two types', "Content-Type: text/plain\r\nContent-Type: text/html" .
    "\r\n\r\nx\r\n", qw(No-Picture Faulty Malformed Ambiguous));
judged('a part of a message', "Content-Type: message/partial; id=x; " .
    "number=1\r\n\r\nx\r\n", qw(No-Picture Unscannable));
ok($gateway->wait_empty, 'the queue is empty');

# What there is no such type for is a mistake, never "no match".
my $yaml = Postern::Gateway::slurp("$gateway->{directory}/postern.yaml");
$gateway->write_file('postern.yaml',
    $yaml =~ s/== "Executables"/== "exes"/r);
my ($status, undef, $err) = $gateway->cli('config', 'load');
isnt($status, 0, 'an unknown type of files is refused');
like($err, qr/there is no type of files/, 'in words');
$gateway->finish;
done_testing;
