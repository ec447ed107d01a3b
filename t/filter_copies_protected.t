#!/usr/bin/perl
# What filters make about a message that must leave protected: copies are
# enveloped as it is, held copies when they are released, and notices tell
# nothing of its content, whichever filter came first.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Port qw(wait_until);
use Postern::Protection;
use Postern::Sink;
use Postern::Smtp;

my $canary = 'canary-in-the-body';
my $sink = Postern::Sink->new;
my $trial = Postern::Protection->new(hosts => "127.0.0.1:$sink->{port}",
    filters => <<"YAML");
    - name: before
      conditions: ['body-contains("canary")']
      actions:
        - bcc("before\@d.test", "Copy")
        - bcc-scan("again\@d.test", "judge me")
        - duplicate-quarantine("Policy")
        - notify-copy("told\@d.test", "Found <\$MatchedContent>")
    - name: mark
      conditions: ['subject == "secure"']
      actions: ['encrypt-deferred("default")']
    - name: behind
      conditions: ['body-contains("canary")']
      actions:
        - bcc("behind\@d.test")
        - notify-copy("later\@d.test", "Found <\$MatchedContent>")
YAML
my $gateway = $trial->gateway;

sub submit {
	my ($subject) = @_;
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(from => 'joe@client.test',
	    to => 'user@d.test', data => "From: joe\@client.test\r\n" .
	    "To: user\@d.test\r\nSubject: $subject\r\n\r\n$canary\r\n");
	$client->quit;
	like($reply, qr/^250 /, 'taken');
}

sub mail_to {
	my ($address, $known) = @_;
	my $mail = Postern::Protection::wait_mail($sink, $address,
	    $known // 0, 20);
	return $mail ? $mail->{data} : '';
}

sub is_enveloped {
	my ($data, $name) = @_;
	subtest $name => sub {
		ok($data, 'it arrives');
		ok(Postern::Protection::envelope_file($data),
		    'in an envelope');
		unlike($data, qr/$canary/, 'without its content');
	};
}

submit('secure');
is_enveloped(mail_to('user@d.test'), 'the message');
# The message, and the copy that comes back to the filters three times.
for my $pass (0 .. 3) {
	is_enveloped(mail_to('before@d.test', $pass), "a copy made before");
	is_enveloped(mail_to('behind@d.test', $pass), "a copy made behind");
	is_enveloped(mail_to('again@d.test', $pass), 'a copy that no filter ' .
	    'marks again') if $pass < 3;
	for my $to ('told@d.test', 'later@d.test') {
		my $notice = mail_to($to, $pass);
		like($notice, qr/^Subject: Found <>\r$/m, "$to: the notice");
		like($notice, qr/it leaves protected/, 'says why it is short');
		unlike($notice, qr/canary/, 'without content');
	}
}

sub held {
	return @{ $gateway->json('quarantine', 'list')->{messages} };
}

ok(wait_until(20, sub { held() == 4 }), 'copies are held');
is(($gateway->cli('quarantine', 'release', (held())[0]{mid}))[0], 0,
    'one is released');
is_enveloped(mail_to('user@d.test', 1), 'a held copy');
ok(!(grep { $_->{data} =~ /$canary/ } $sink->messages),
    'nothing has left in clear');

submit('open');
my $open = mail_to('told@d.test', 4);
like($open, qr/^Subject: Found <canary>\r$/m,
    'without protection the notice tells');
like($open, qr/^$canary\r$/m, 'and has the message');
ok(wait_until(20, sub { held() == 7 }), 'further copies are held');
is(($gateway->cli('quarantine', 'delete', $_->{mid}))[0], 0, 'deleted')
    for held();

$gateway->finish;
done_testing;
