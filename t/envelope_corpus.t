#!/usr/bin/perl
# Real messages of many kinds go through scan, into an envelope and out of it
# again byte for byte.  All of them with POSTERN_PROVE=long, else one in
# eight.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Corpus;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Protection;
use Postern::Sink;
use Postern::Smtp;

my $missing = Postern::Corpus::missing();
plan skip_all => $missing if $missing;
my $step = ($ENV{POSTERN_PROVE} // '') eq 'long' ? 1 : 8;

my $sink = Postern::Sink->new;
my $trial = Postern::Protection->new(hosts => "127.0.0.1:$sink->{port}",
    filters => <<'YAML');
    - name: every
      conditions: ['subject != "^no message has this subject$"']
      actions: ['log-entry("$filenames")', 'encrypt("default", "sealed")']
YAML
my $gateway = $trial->gateway;

my @messages = grep { !$_->{fault} && $_->{number} % $step == 0 &&
    length $_->{data} < 8_000_000 } Postern::Corpus::messages();
cmp_ok(scalar @messages, '>', 1000 / $step - 1, 'messages');
my $client = Postern::Smtp->new(port => $gateway->port('public'));
$client->command('EHLO corpus.test');
for my $message (@messages) {
	my $reply = $client->send(from => "m$message->{number}\@corpus.test",
	    to => 'reader@d.test', data => $message->{data});
	like($reply, qr/^250 /, "$message->{path} is taken")
	    unless $reply =~ /^250 /;
}
$client->quit;
ok(wait_until(300, sub { $sink->count >= @messages }),
    'as many envelopes arrive');
my %envelopes = map { $_->{from} => Postern::Protection::envelope_file(
    $_->{data}) } $sink->messages;

# One code opens the browser's session for all of one address.
my $browser = $trial->browser;
$browser->{keep} = 1;
sub open_file {
	my ($file, $to) = @_;
	my $page = $browser->submit($browser->form(qr{/open$}, $file));
	if (my $ask = $browser->form(qr{/code$})) {
		my $known = @{ [grep { grep { $_ eq $to } @{ $_->{to} } }
		    $sink->messages] };
		$ask->{fields}{address} = $to;
		$ask->{fields}{choice} = 0
		    if $ask->{html} =~ /name="address"/;
		$browser->submit($ask);
		my $mail = Postern::Protection::wait_mail($sink, $to, $known);
		$page = $browser->submit($browser->form(qr{/verify$}),
		    code => Postern::Protection::code_of($mail->{data}));
	}
	my ($whole) = $page->{body} =~ m{href="([^"]*message\.eml)"} or
	    return '';
	my $clear = $browser->get($whole)->{body};
	# Each upload has a cookie; in a quarter of an hour they would go.
	delete @{ $browser->{cookies} }{ grep { /-[0-9a-f]{16}$/ }
	    keys %{ $browser->{cookies} } };
	return $clear;
}

my ($wrong, $opened) = (0, 0);
for my $message (@messages) {
	# Uploads are forgotten after a quarter of an hour; there is a limit.
	$gateway->move_clock(16 * 60) if ++$opened % 400 == 0;
	my $file = $envelopes{"m$message->{number}\@corpus.test"};
	my $clear = $file ? open_file($file, 'reader@d.test') : '';
	next if length $clear > length $message->{data} &&
	    substr($clear, -length $message->{data}) eq $message->{data};
	fail("$message->{path} comes out as it went in");
	diag substr($browser->{page}{body}, 0, 600) unless $wrong++;
}
is($wrong, 0, scalar(@messages) . ' messages came out as they went in');
$gateway->finish;
done_testing;
