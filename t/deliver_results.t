#!/usr/bin/perl
# What each reply of a next hop means for each recipient: against a model,
# at every stage, over several hosts, and what a hop must offer.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Hop;
use Postern::Outbound qw(outbound_config deliveries outcome_of mid_of
    wait_outcomes wait_log @TROUBLE);
use Postern::Port qw(free_port wait_until);
use Postern::Smtp;

my $seed = $ENV{POSTERN_SEED} // 20261121;
srand $seed;
diag "POSTERN_SEED=$seed" if $ENV{POSTERN_SEED};

# The addresses tell the hop what to answer: sender m250.d354.e250.N, with
# the replies to MAIL, DATA and the dot; recipient r250.N.
sub code_of {
	my ($text, $letter) = @_;
	my ($code) = $text =~ /(?:^|[<.])$letter(\d{3})\b/;
	$code //= $letter eq 'd' ? 354 : 250;
	my $class = substr $code, 0, 1;
	return $class == 3 ? '354 go on' : "$code $class.7.$code said $code";
}

sub scripted {
	my (@extensions) = @_;
	return sub {
		my ($talk) = @_;
		my $from = '';
		$talk->dialog(extensions => \@extensions,
		    mail => sub { $from = $_[1]; code_of($from, 'm') },
		    rcpt => sub { code_of($_[1], 'r') },
		    data => sub {
			return '554 5.5.1 nobody' unless @{ $_[1]{to} };
			return code_of($from, 'd') },
		    dot => sub { code_of($from, 'e') });
	};
}

my @all = ('8BITMIME', 'SMTPUTF8', 'DSN', 'ENHANCEDSTATUSCODES',
    'SIZE 104857600');
my %hops = (
	ahead => Postern::Hop->new(session => scripted('PIPELINING', @all)),
	steps => Postern::Hop->new(session => scripted(@all)),
	bare => Postern::Hop->new(session => sub {
		$_[0]->dialog(extensions => ['PIPELINING']) }),
	helo => Postern::Hop->new(session => sub {
		$_[0]->dialog(ehlo => '502 5.5.1 not here') }),
	small => Postern::Hop->new(session => sub {
		$_[0]->dialog(extensions => ['SIZE 1000']) }),
	good => Postern::Hop->new,
	refuses => Postern::Hop->new(session => sub {
		$_[0]->dialog(banner => '554 5.3.2 no service here') }),
	busy => Postern::Hop->new(session => sub {
		$_[0]->dialog(banner => '421 4.3.2 too busy') }),
	later => Postern::Hop->new(session => sub {
		$_[0]->dialog(rcpt => '451 4.3.0 not now') }),
	never => Postern::Hop->new(session => sub {
		$_[0]->dialog(rcpt => '550 5.1.1 nobody here') }),
);
my $dead = '127.0.0.1:' . free_port();
my %at = map { $_ => "127.0.0.1:$hops{$_}{port}" } keys %hops;

my $gateway = Postern::Gateway->new(
    expect => [@TROUBLE, qr/event=outcome_unknown/],
    config => outbound_config(
	routes => [(map { ["$_.test", $at{$_}] } keys %hops),
	    ['fallback.test', $dead, @at{qw(refuses busy good)}],
	    ['softer.test', @at{qw(later good)}],
	    ['final.test', @at{qw(never good)}],
	    ['nowhere.test', $dead, $at{busy}],
	    ['reuse.test', $at{good}], ['gone.test', $dead]],
	destinations => "- domains: [reuse.test]\n  concurrency: 2\n" .
	    "  messages_per_connection: 10\n",
	profile => "retry_initial: 1 h\nretry_max: 1 h\n" .
	    "lifetime: 72 h\nsend_bounces: false\n"));
my $client = Postern::Smtp->new(port => $gateway->port('public'));
$client->command('EHLO client.test');

sub submit {
	my ($from, $to, %o) = @_;
	my $reply = $client->send(from => $from, to => $to,
	    data => "Subject: x\r\n\r\nbody\r\n", %o);
	return mid_of($reply) // die "$from: $reply";
}

# ---- T13: against a model ----

# What must become of a recipient, and by which code.
sub model {
	my ($m, $d, $e, $r, $taken_before) = @_;
	my $verdict = sub {
		my ($code) = @_;
		my $class = substr $code, 0, 1;
		return ($class == 2 ? 'delivered' : $class == 5 ? 'failed' :
		    'deferred') . " $code";
	};
	return $verdict->($m) if $m != 250;
	return "deferred $r" if $r == 552 && $taken_before;
	return $verdict->($r) if $r != 250;
	return $verdict->($d) if $d != 354;
	return $verdict->($e);
}

sub pick { $_[rand @_] }

my %expected;
my @mids;
for my $number (1 .. 80) {
	my $m = pick((250) x 8, 421, 451, 550, 599);
	my $d = pick((354) x 6, 451, 554);
	my $e = pick((250) x 6, 452, 499, 554, 299);
	$m = 451 if $m == 421;
	my $hop = pick(qw(ahead steps));
	my (@to, %codes);
	for my $n (1 .. 1 + int rand 9) {
		my $r = pick((250) x 5, 450, 451, 550, 552, 553);
		push @to, "r$r.$n.$number\@$hop.test";
	}
	my $mid = submit("m$m.d$d.e$e.$number\@client.test", \@to);
	push @mids, $mid;
	my $taken = 0;
	for my $to (@to) {
		my ($r) = $to =~ /^r(\d+)/;
		$expected{"$mid $to"} = model($m, $d, $e, $r, $taken);
		$taken++ if $r == 250;
	}
}
ok(wait_outcomes($gateway, \@mids, 30), 'all were tried');
my %got;
for my $outcome (deliveries($gateway)) {
	my ($code) = $outcome->{reply} =~ /^(\d{3})/;
	$got{"$outcome->{mid} $outcome->{to}"} = "$outcome->{outcome} " .
	    ($code // "by itself: $outcome->{reply}");
}
is_deeply(\%got, \%expected, "T13: results are exact, seed $seed");

my @nameless = grep { $_->{host} ne '[127.0.0.1]' ||
    $_->{address} !~ /^\[127\.0\.0\.1\]:\d+$/ } grep { $_->{dcid} }
    deliveries($gateway);
is_deeply(\@nameless, [], 'the log says who answered');

# Content came only where somebody had been taken.
my @stray = grep { !@{ $_->{to} } }
    map { $hops{$_}->messages } qw(ahead steps);
is(scalar @stray, 0, 'T13: no content without a recipient');

# ---- stages ----

my %stages = (
	'MAIL refused' => ['m550@client.test', 'b@ahead.test', 'failed',
	    qr/^550 5\.7\.550/],
	'MAIL put off' => ['m450@client.test', 'b@ahead.test', 'deferred',
	    qr/^450/],
	'DATA refused' => ['d554@client.test', 'b@ahead.test', 'failed',
	    qr/^554/],
	'DATA taken for a message' => ['d250@client.test', 'b@ahead.test',
	    'deferred', qr/^250/],
	'dot refused' => ['e550@client.test', 'b@steps.test', 'failed',
	    qr/^550/],
	'dot put off' => ['e451@client.test', 'b@steps.test', 'deferred',
	    qr/^451/],
	'EHLO unknown' => ['a@client.test', 'b@helo.test', 'delivered',
	    qr/^250/],
	'all hosts busy' => ['a@client.test', 'b@nowhere.test', 'deferred',
	    qr/421 4\.3\.2 too busy/],
	'nobody there' => ['a@client.test', 'b@gone.test', 'deferred',
	    qr/refused/i],
	'next host' => ['a@client.test', 'b@fallback.test', 'delivered',
	    qr/^250/],
	'next host after 451' => ['a@client.test', 'b@softer.test',
	    'delivered', qr/^250/],
	'550 is final' => ['a@client.test', 'b@final.test', 'failed',
	    qr/^550/],
);
my %stage_mid = map { $_ => submit(@{ $stages{$_} }[0, 1]) }
    sort keys %stages;
ok(wait_outcomes($gateway, [values %stage_mid]), 'all were tried');
for my $name (sort keys %stages) {
	my (undef, undef, $outcome, $words) = @{ $stages{$name} };
	my $got = outcome_of($gateway, $stage_mid{$name});
	is($got->{outcome}, $outcome, "stage: $name") or diag $got->{line};
	like($got->{reply}, $words, "stage: $name, its words");
}
ok($hops{$_}->connections > 0, "stage: $_ was asked before the last host")
    for qw(refuses busy);

# ---- T16: what the next hop does not offer ----

my %utf8 = (mail => 'SMTPUTF8');
my %eight = (mail => 'BODY=8BITMIME',
    data => "Subject: x\r\n\r\ngr\xc3\xbcn\r\n");
my %needs = (
	'8-bit body' => ['b@bare.test', 'failed', qr/8BITMIME/, %eight],
	'8-bit body nobody told of' => ['b@bare.test', 'failed',
	    qr/8BITMIME/, data => $eight{data}],
	'8-bit said, ASCII sent' => ['b@bare.test', 'delivered', qr/^250/,
	    mail => 'BODY=8BITMIME'],
	'8-bit body where it can go' => ['b@good.test', 'delivered',
	    qr/^250/, %eight],
	'UTF-8 recipient' => ["gr\xc3\xbcn\@bare.test", 'failed',
	    qr/SMTPUTF8/, %utf8],
	'UTF-8 header' => ['b@bare.test', 'failed', qr/SMTPUTF8/,
	    mail => 'SMTPUTF8 BODY=8BITMIME',
	    data => "Subject: gr\xc3\xbcn\r\n\r\nx\r\n"],
	'UTF-8 where it can go' => ["gr\xc3\xbcn\@good.test", 'delivered',
	    qr/^250/, %utf8],
	'SMTPUTF8 asked for in vain' => ['b@bare.test', 'delivered',
	    qr/^250/, %utf8],
	'no DSN, success wanted' => ['b@bare.test', 'relayed', qr/^250/,
	    rcpt => 'NOTIFY=SUCCESS'],
	'no DSN, failure wanted' => ['b@bare.test', 'delivered', qr/^250/,
	    rcpt => 'NOTIFY=FAILURE'],
	'DSN, success wanted' => ['b@good.test', 'delivered', qr/^250/,
	    rcpt => 'NOTIFY=SUCCESS ORCPT=rfc822;b+2Bc@good.test'],
	'larger than SIZE' => ['b@small.test', 'failed', qr/larger|size/i,
	    data => "Subject: x\r\n\r\n" . ('x' x 70 . "\r\n") x 20],
);
my %need_mid;
for my $name (sort keys %needs) {
	my ($to, undef, undef, %o) = @{ $needs{$name} };
	$need_mid{$name} = submit('a@client.test', $to, %o);
}
ok(wait_outcomes($gateway, [values %need_mid]), 'all were tried');
for my $name (sort keys %needs) {
	my (undef, $outcome, $words) = @{ $needs{$name} };
	my $got = outcome_of($gateway, $need_mid{$name});
	is($got->{outcome}, $outcome, "T16: $name") or diag $got->{line};
	like($got->{reply}, $words, "T16: $name, its words");
}
my @raw = grep { $_->{data} =~ /[\x80-\xff]/ } $hops{bare}->messages;
is(scalar @raw, 0, 'T16: nothing 8-bit came to a hop without 8BITMIME');
is(scalar(grep { grep { /\S/ } @{ $_->{to_args} }, $_->{from_args} }
    $hops{bare}->messages), 0,
    'T16: no parameter for a hop that offers nothing');
is(scalar($hops{small}->messages), 0, 'T16: nothing for a full hop');
my ($with_orcpt) = grep { "@{ $_->{to_args} }" =~ /ORCPT/ }
    $hops{good}->messages;
like("@{ $with_orcpt->{to_args} }",
    qr/NOTIFY=SUCCESS ORCPT=rfc822;b\+2Bc\@good\.test/,
    'T16: DSN parameters go on as they came');

# ---- connections are used again ----

my $before = $hops{good}->connections;
my @reuse = map { submit('a@client.test', "b$_\@reuse.test") } 1 .. 60;
ok(wait_outcomes($gateway, \@reuse, 20), 'sixty messages went');
my $used = $hops{good}->connections - $before;
# Two at once in each of two processes, ten messages in each.
cmp_ok($used, '>=', 6, 'reuse: no more than ten messages in each');
cmp_ok($used, '<=', 12, 'reuse: few connections for many messages');
my %by;
$by{ $_->{number} }++ for grep { $_->{to}[0] =~ /reuse/ }
    $hops{good}->messages;
cmp_ok((sort { $b <=> $a } values %by)[0], '<=', 10,
    'reuse: messages_per_connection holds');
$client->quit;
$gateway->finish;
done_testing;
