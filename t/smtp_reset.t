#!/usr/bin/perl
# One reset: what ends a transaction, and what must not touch it (RFC 5321
# 4.1.1.5 and 4.1.4).
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(sink => $sink);
my $port = $gateway->port('public');
my $body = "Subject: reset\r\n\r\nbody\r\n";

sub client {
	my ($silent) = @_;
	my $client = Postern::Smtp->new(port => $port);
	$client->command('EHLO client.test') unless $silent;
	return $client;
}

# One step of a dialogue: a command, or DATA with its content.
sub step {
	my ($client, $step) = @_;
	my $reply = $client->command($step);
	return $reply unless $step eq 'DATA' && $reply =~ /^354/;
	$client->raw("$body.\r\n");
	return $client->reply;
}

sub code { return (Postern::Smtp::codes($_[0]))[0] }

subtest 'D09: a refused message leaves nothing behind' => sub {
	my $client = client();
	for my $content ("nul \0\r\n", "bare \n line feed\r\n", "good\r\n") {
		$client->commands('MAIL FROM:<old@client.test>',
		    'RCPT TO:<old@sink.test>', 'DATA');
		$client->raw("$content.\r\n");
		like($client->reply, qr/^(?:550|250) /, 'the end of data');
		like($client->command('RCPT TO:<new@sink.test>'),
		    qr/^503 5\.5\.1 /, 'RCPT without MAIL');
		like($client->command('DATA'), qr/^503 5\.5\.1 /,
		    'DATA without MAIL');
		$client->raw("BDAT 6 LAST\r\nNOOP\r\n");
		like($client->reply, qr/^503 5\.5\.1 /, 'BDAT without MAIL');
	}
	like($client->send(from => 'new@client.test', to => 'new@sink.test',
	    data => $body), qr/^250 /, 'the next message');
	ok(wait_until(20, sub { grep { $_->{from} eq 'new@client.test' }
	    $sink->messages }), 'is delivered');
	my ($found) = grep { $_->{from} eq 'new@client.test' }
	    $sink->messages;
	is_deeply($found->{to}, ['new@sink.test'], 'to its recipient alone');
	$client->quit;
};

sub dialogue {
	my ($name) = @_;
	return ("MAIL FROM:<$name\@client.test>", 'RCPT TO:<one@sink.test>',
	    'RCPT TO:<two@sink.test>', 'DATA');
}
my @harmless = ('NOOP', 'NOOP with words', 'HELP', 'HELP MAIL',
    'VRFY postmaster', 'EXPN list', 'FOO', 'MAILFROM:<x@client.test>', '',
    'AUTH PLAIN', 'ETRN x', 'RCPT', 'DATA now', 'STARTTLS',
    'RCPT TO:<broken', "NO\0OP", 'x' x 600);

subtest 'L20: verbs without effect change nothing, wherever they stand' =>
    sub {
	my ($number, @expected) = (0);
	for my $verb (@harmless) {
		for my $at (0 .. 3) {
			my $client = client();
			my $name = sprintf 'harmless%03d', $number++;
			my @steps = dialogue($name);
			# Before MAIL, STARTTLS is in its place.
			splice @steps, $at, 0, $verb;
			my @codes = map { code(step($client, $_)) } @steps;
			splice @codes, $at, 1;
			is_deeply(\@codes, [250, 250, 250, 250],
			    substr($verb, 0, 20) . " before step $at");
			push @expected, "$name\@client.test";
			$client->quit;
		}
	}
	ok(wait_until(20, sub {
		@expected == grep { $_->{from} =~ /^harmless/ }
		    $sink->messages }), 'every message is delivered');
	my @wrong = grep { $_->{from} =~ /^harmless/ &&
	    "@{ $_->{to} }" ne 'one@sink.test two@sink.test' }
	    $sink->messages;
	is_deeply(\@wrong, [], 'to both recipients');
};

subtest 'L20: VRFY and EXPN' => sub {
	my $client = client();
	like($client->command('VRFY user'), qr/^252 2\./, 'VRFY');
	like($client->command("VRFY us\xc3\xa9r SMTPUTF8"), qr/^252 2\./,
	    'VRFY with UTF-8');
	like($client->command("VRFY us\xe9r"), qr/^500 5\.5\.2 /,
	    'VRFY with Latin-1');
	like($client->command('EXPN list'), qr/^502 5\.5\.1 /, 'EXPN');
	$client->quit;
};

subtest 'RSET at each place' => sub {
	for my $verb ('RSET', 'EHLO again.test', 'HELO again.test') {
		for my $at (1 .. 3) {
			my $client = client();
			my @steps = dialogue('reset');
			splice @steps, $at, 0, $verb;
			my @codes = map { code(step($client, $_)) } @steps;
			my @expected = map { $_ <= $at ? 250 : 503 } 0 .. 4;
			is_deeply(\@codes, \@expected,
			    "$verb before step $at");
			$client->quit;
		}
	}
	my $client = client();
	for my $at (0 .. 3) {
		my $other = client();
		step($other, (dialogue('quit'))[$_]) for 0 .. $at - 1;
		like($other->quit, qr/^221 /, "QUIT before step $at");
	}
	is(scalar(grep { $_->{from} =~ /^(?:reset|quit)@/ }
	    $sink->messages), 0, 'no message came of them');
	$client->quit;
};

subtest 'before EHLO' => sub {
	my $client = client(1);
	is(code($client->command($_)), 503, "$_ is refused")
	    for 'MAIL FROM:<a@client.test>', 'RCPT TO:<b@sink.test>', 'DATA',
	    'STARTTLS';
	is(code($client->command('RSET')), 250, 'RSET');
	is(code($client->command('MAIL FROM:<a@client.test>')), 503,
	    'RSET is no EHLO');
	is(code($client->command('NOOP')), 250, 'NOOP');
	is(code($client->command('VRFY a')), 252, 'VRFY');
	is(code($client->command('EHLO nonexistent.invalid')), 250,
	    'a name that DNS does not know (RFC 5321 4.1.4)');
	is(code($client->command('MAIL FROM:<a@client.test>')), 250, 'MAIL');
	is(code($client->command('MAIL FROM:<b@client.test>')), 503,
	    'no MAIL in MAIL');
	$client->quit;
};

# The session as a model: what each command says and where it leads.
my %model = (
	EHLO => sub { my $s = shift; %$s = (greeted => 1); 250 },
	HELO => sub { my $s = shift; %$s = (greeted => 1); 250 },
	NOOP => sub { 250 },
	VRFY => sub { 252 },
	BAD => sub { 500 },
	RSET => sub {
		my $s = shift;
		%$s = (greeted => $s->{greeted});
		return 250;
	},
	MAIL => sub {
		my $s = shift;
		return 503 if !$s->{greeted} || $s->{mail} || $s->{failed};
		$s->{mail} = 1;
		return 250;
	},
	RCPT => sub {
		my $s = shift;
		return 503 if !$s->{mail} || $s->{chunks} || $s->{failed};
		$s->{rcpt}++;
		return 250;
	},
	DATA => sub {
		my $s = shift;
		if ($s->{chunks}) {
			%$s = (greeted => 1, failed => 1);
			return 503;
		}
		return 503 if !$s->{rcpt} || $s->{failed};
		$s->{done} = 1;
		return 250;
	},
	BDAT => sub {
		my ($s, $last) = @_;
		return 503 if $s->{failed};
		if (!$s->{rcpt}) {
			%$s = (greeted => $s->{greeted}, failed => 1)
			    if $s->{mail};
			return 503;
		}
		$s->{chunks} = 1;
		$s->{done} = 1 if $last;
		return 250;
	},
	LAST => sub { $model::bdat->($_[0], 1) },
);
$model::bdat = $model{BDAT};

subtest 'D09: thousands of random commands against a model' => sub {
	my @verbs = (qw(EHLO HELO NOOP VRFY BAD RSET), ('MAIL') x 4,
	    ('RCPT') x 5, ('DATA') x 2, ('BDAT') x 2, ('LAST') x 2);
	my %line = (EHLO => 'EHLO client.test', HELO => 'HELO client.test',
	    NOOP => 'NOOP', VRFY => 'VRFY a', BAD => 'XYZ', RSET => 'RSET',
	    MAIL => 'MAIL FROM:<model@client.test>',
	    RCPT => 'RCPT TO:<model@sink.test>', DATA => 'DATA',
	    BDAT => "BDAT 6\r\nabcd", LAST => "BDAT 6 LAST\r\nefgh");
	my ($sent, @wrong) = (0);
	srand 20261121;
	for (1 .. 100) {
		my $client = client(1);
		my %state;
		my @trail;
		for (1 .. 50) {
			my $verb = $verbs[rand @verbs];
			my $code = code(step($client, $line{$verb}));
			my $expected = $model{$verb}->(\%state);
			push @trail, "$verb $code";
			if (delete $state{done}) {
				$sent++;
				%state = (greeted => 1);
			}
			next if $code eq $expected;
			push @wrong, [@trail, "expected $expected"];
			last;
		}
		$client->quit;
	}
	is_deeply(\@wrong, [], 'each answer as the model says')
	    or diag explain $wrong[0];
	cmp_ok($sent, '>', 50, 'messages were sent meanwhile');
	ok(wait_until(20, sub {
		$sent == grep { $_->{from} eq 'model@client.test' }
		    $sink->messages }), 'and just these arrive');
};

ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
