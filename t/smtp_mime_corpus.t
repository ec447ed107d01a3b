#!/usr/bin/perl
# Real messages of many kinds pass unchanged, by DATA and by BDAT.
# (M22: what no rule changes stays as it is.)
use strict;
use warnings;
use lib 't/lib';
use Digest::SHA qw(sha256_hex);
use Test::More;
use Postern::Corpus;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $missing = Postern::Corpus::missing();
plan skip_all => $missing if $missing;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(sink => $sink);

my @messages = Postern::Corpus::messages();
cmp_ok(scalar @messages, '>', 1000, 'messages');

# The commands of one message, and how many replies they get.
sub as_bdat {
	my ($message) = @_;
	my $data = $message->{data};
	my $half = int(length($data) / 2);
	return 'BDAT ' . $half . "\r\n" . substr($data, 0, $half) .
	    'BDAT ' . (length($data) - $half) . " LAST\r\n" .
	    substr($data, $half), 2;
}

sub submit {
	my ($client, @batch) = @_;
	for my $message (@batch) {
		my $begin = "MAIL FROM:<m$message->{number}\@corpus.test> " .
		    "BODY=8BITMIME\r\nRCPT TO:<user\@sink.test>\r\n";
		if ($message->{number} % 3 == 0) {
			my ($bytes, $count) = as_bdat($message);
			$client->raw("$begin$bytes");
			my @replies = $client->rest(2 + $count);
			$message->{reply} = $replies[-1] =~ /^503/ ?
			    $replies[-2] : $replies[-1];
			$client->command('RSET');
			next;
		}
		$client->raw("${begin}DATA\r\n");
		$client->rest(3);
		(my $data = $message->{data}) =~ s/^\./../mg;
		$client->raw("$data.\r\n");
		$message->{reply} = $client->reply;
	}
}

my @parts;
push @{ $parts[$_->{number} % 4] }, $_ for @messages;
for my $part (@parts) {
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO corpus.test');
	submit($client, @$part);
	$client->quit;
}

my @accepted = grep { $_->{reply} =~ /^250 / } @messages;
my @refused = grep { $_->{reply} !~ /^250 / } @messages;
my @unjust = grep { $_->{fault} eq '' } @refused;
is_deeply([map { "$_->{path}: $_->{reply}" } @unjust], [],
    'none was refused without a fault');
my @lax = grep { $_->{fault} ne '' } @accepted;
is_deeply([map { "$_->{path}: $_->{fault}" } @lax], [],
    'none was taken with one');
is(scalar(grep { $_->{reply} !~ /^55[02] 5\.(?:6\.0|3\.4) / } @refused), 0,
    'each refusal says why');
diag sprintf '%d messages refused: %s', scalar @refused, join '',
    map { "\n  $_->{path}: $_->{fault}" } @refused if @refused;

ok($sink->wait_count(scalar @accepted, 50), 'all the others arrive');
my %sent = map { ("m$_->{number}\@corpus.test" => $_) } @accepted;
my @changed;
for my $found ($sink->messages) {
	my $message = delete $sent{$found->{from}};
	push @changed, $message ? $message->{path} : $found->{from}
	    if !$message || sha256_hex(Postern::Sink::body_of($found)) ne
	    sha256_hex($message->{data});
}
is_deeply(\@changed, [], 'byte for byte');
is(scalar keys %sent, 0, 'none is missing');
ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
