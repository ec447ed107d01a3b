#!/usr/bin/perl
# Notifications to the sender: who gets one, what is in it, and what can
# never get into it.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Hop;
use Postern::Outbound qw(outbound_config deliveries outcome_of mid_of
    wait_outcomes @TROUBLE);
use Postern::Port qw(wait_until);
use Postern::Report;
use Postern::Smtp;

my $evil = join("\r\n", (map { "550-5.7.1 line $_ " . 'z' x 450 } 1 .. 40),
    "550-5.7.1 \tContent-Type: text/html", "550-5.7.1 --=_postern_1_2_3",
    "550-5.7.1 Action: delivered", "550-5.7.1 \xff\xfe\e[31m\a red",
    '550 5.7.1 <script>alert(1)</script>');

# The local part says what the hop answers.
sub reply_to_rcpt {
	my ($talk, $to) = @_;
	return $evil if $to =~ /^evil/;
	return '250 2.1.5 ok' unless $to =~ /^"?r(\d)(\d\d)(?:-(\d+)-(\d+))?/;
	return sprintf '%d%s %d.%d.%d said so', $1, $2, $1, $3 // 1, $4 // 1;
}

my $sender = Postern::Hop->new;		# of those who get notifications
my $hop = Postern::Hop->new(session => sub {
	$_[0]->dialog(rcpt => \&reply_to_rcpt) });
my $bare = Postern::Hop->new(session => sub {
	$_[0]->dialog(extensions => ['PIPELINING']) });
my $gateway = Postern::Gateway->new(
    expect => [@TROUBLE, qr/event=bounce_suppressed/],
    config => outbound_config(
	routes => [['client.test', "127.0.0.1:$sender->{port}"],
	    ['hop.test', "127.0.0.1:$hop->{port}"],
	    ['bare.test', "127.0.0.1:$bare->{port}"],
	    ['loop.test', '127.0.0.1:%PORT(public)%']],
	profile => "retry_initial: 1 d\nretry_max: 1 d\nlifetime: 30 d\n"));
my $client = Postern::Smtp->new(port => $gateway->port('public'));
$client->command('EHLO client.test');

my $head = "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n" .
    "From: A <a\@client.test>\r\nSubject: the subject\r\n";

sub submit {
	my ($from, $to, %o) = @_;
	my $reply = $client->send(from => $from, to => $to,
	    data => "$head\r\nthe secret\r\n", %o);
	return mid_of($reply) // die "$from: $reply";
}

sub field { Postern::Report::value(@_) }

# ---- what a notification tells ----

my %mid;
$mid{plain} = submit('plain@client.test', 'r550-1-1.MixedCase@hop.test',
    mail => 'ENVID=QQ3+2B14', rcpt => 'ORCPT=rfc822;Bob+2BX@orig.test');
$mid{full} = submit('full@client.test', 'r551-1-6.x@hop.test',
    mail => 'RET=FULL');
$mid{hdrs} = submit('hdrs@client.test', 'r550.x@hop.test',
    mail => 'RET=HDRS');
$mid{large} = submit('large@client.test', 'r552-3-4.x@hop.test',
    mail => 'RET=FULL',
    data => "$head\r\n" . ("the secret " . 'x' x 60 . "\r\n") x 70_000);
$mid{header} = submit('header@client.test', 'r550.x@hop.test', data => $head
    . join('', map { "X-Filler-$_: " . 'y' x 900 . "\r\n" } 1 .. 400) .
    "\r\nthe secret\r\n");
$mid{evil} = submit('evil@client.test', 'evil.x@hop.test',
    mail => 'RET=FULL', data => $head .
    "Content-Type: multipart/mixed; boundary=\"=_postern_1_1_0\"\r\n\r\n" .
    "--=_postern_1_1_0\r\n\r\nAction: delivered\r\n" .
    "--=_postern_1_1_0--\r\n");
$mid{many} = submit('many@client.test', ['r550-1-1.a@hop.test',
    'good@hop.test', 'r450.b@hop.test', 'r553-1-3.c@hop.test',
    'r554-5-0.d@hop.test', 'also-good@hop.test']);
$mid{quoted} = submit('quoted@client.test', '"r550 odd \\" > one"@hop.test');
$mid{eight} = submit('eight@client.test', 'b@bare.test',
    data => "$head\r\ngr\xc3\xbcn\r\n");
$mid{utf8} = submit("gr\xc3\xbcn\@client.test",
    "r550.gr\xc3\xbcn\@hop.test", mail => 'SMTPUTF8');
$mid{utf8_ascii} = submit('ascii@client.test', "gr\xc3\xbcn\@bare.test",
    mail => 'SMTPUTF8');
$mid{relayed} = submit('relayed@client.test', 'b@bare.test',
    rcpt => 'NOTIFY=SUCCESS,FAILURE');

# ---- who gets none ----

my %silent = (
	'B02: null sender' => ['', 'r550.x@hop.test'],
	'B03: NOTIFY=NEVER' => ['never@client.test', 'r550.x@hop.test',
	    rcpt => 'NOTIFY=NEVER'],
	'B03: NOTIFY=SUCCESS' => ['success@client.test', 'r550.x@hop.test',
	    rcpt => 'NOTIFY=SUCCESS,DELAY'],
	'B03: delivered with NOTIFY=FAILURE' => ['failure@client.test',
	    'good@bare.test', rcpt => 'NOTIFY=FAILURE'],
	'B02: the notification cannot be delivered' => [
	    'r550.sender@hop.test', 'r550.x@hop.test'],
);
my %silent_mid = map { $_ => submit(@{ $silent{$_} }) } sort keys %silent;
ok(wait_outcomes($gateway, [values %mid, values %silent_mid], 20),
    'all were tried');
my $looped = submit('looped@client.test', 'b@loop.test');
my @told = qw(plain full hdrs large header evil many quoted eight ascii
    relayed looped);
ok($sender->wait_notes('message', @told + 1, 20),
    'notifications have come');

my %report = map { $_->{envelope}{to}[0] =~ s/@.*//r => $_ }
    eval { Postern::Report::all_of($sender) };
is($@, '', 'B04: every notification is well formed');
is_deeply([sort keys %report], [sort @told, "gr\xc3\xbcn"],
    'B03: they go to those who want them, and to nobody else');
is($sender->count('message'), @told + 1, 'B09: each once');

my %seen_from = map { $_->{envelope}{from} => 1 } values %report;
is_deeply([keys %seen_from], [''], 'B02: from the null sender');
for my $name (sort keys %report) {
	my $fields = $report{$name}{fields};
	is(field($fields, 'Auto-Submitted'), 'auto-replied',
	    "B05: $name says that a machine wrote it");
	my @wanted = grep { !defined field($fields, $_) }
	    qw(From To Date Message-ID Subject MIME-Version);
	is_deeply(\@wanted, [], "B04: $name has the usual header fields");
	like($report{$name}{text}, qr/gateway\.test/,
	    "B04: $name has words for people");
}

my $plain = $report{plain};
is(field($plain->{report}, 'Reporting-MTA'), 'dns; gateway.test',
    'who reports');
is(field($plain->{report}, 'Original-Envelope-Id'), 'QQ3+14',
    'ENVID comes back');
like(field($plain->{report}, 'Arrival-Date'),
    qr/^\w{3}, \d+ \w{3} 2\d{3} \d\d:\d\d:\d\d \+0000$/, 'when it came');
my ($one) = @{ $plain->{recipients} };
is(field($one, 'Final-Recipient'),
    'rfc822; r550-1-1.MixedCase@hop.test', 'the case is kept');
is(field($one, 'Original-Recipient'), 'rfc822; Bob+X@orig.test',
    'ORCPT comes back');
is(field($one, 'Action'), 'failed', 'failed');
is(field($one, 'Status'), '5.1.1', 'the status of the next hop');
is(field($one, 'Diagnostic-Code'), 'smtp; 550 5.1.1 said so',
    'the words of the next hop');
is(field($one, 'Remote-MTA'), 'dns; [127.0.0.1]', 'and who it is');
ok(defined field($one, 'Last-Attempt-Date'), 'when it was tried');

# ---- what of the original goes along ----

for my $name (qw(plain hdrs large header)) {
	my $original = $report{$name}{original};
	is($original->{type}, 'text/rfc822-headers', "B04: $name, headers");
	unlike($report{$name}{envelope}{data}, qr/the secret/,
	    "B04: $name, no content");
	like($original->{body}, qr/^Subject: the subject\r\n/m,
	    "B04: $name, the sender can tell which message it was");
	cmp_ok(length $report{$name}{envelope}{data}, '<', 60 * 1024,
	    "B04: $name, not large");
}
is($report{full}{original}{type}, 'message/rfc822', 'RET=FULL: whole');
like($report{full}{original}{body},
    qr/\AReceived: .*\r\n\Q$head\E\r\nthe secret\r\n/s,
    'RET=FULL: as it was queued');

# ---- what cannot get in ----

my ($victim) = @{ $report{evil}{recipients} };
is(scalar @{ $report{evil}{recipients} }, 1, 'B04: one recipient');
is(field($victim, 'Action'), 'failed', 'B04: nobody can claim delivery');
like(field($victim, 'Diagnostic-Code'), qr/^smtp; 550 5\.7\.1 line 1 z/,
    'B04: the words are there');
unlike($report{evil}{envelope}{data} =~ s/\r\n//gr, qr/[^ -~\t]/,
    'B04: printable, all of it');
is_deeply([grep { length > 78 && !/z{60}/ } split /\r\n/,
    $report{evil}{text}], [], 'B04: folded');
my ($odd) = @{ $report{quoted}{recipients} };
is(field($odd, 'Final-Recipient'),
    'rfc822; "r550 odd \\" > one"@hop.test', 'B04: an odd address');

# ---- several recipients, and what they need ----

my %status = map { field($_, 'Final-Recipient') =~ s/^rfc822; //r =>
    field($_, 'Status') } @{ $report{many}{recipients} };
is_deeply(\%status, { 'r550-1-1.a@hop.test' => '5.1.1',
    'r553-1-3.c@hop.test' => '5.1.3', 'r554-5-0.d@hop.test' => '5.5.0' },
    'T13: exactly those that failed');

sub only_status { field($report{ $_[0] }{recipients}[0], 'Status') }

is(only_status('eight'), '5.6.3', 'T16: 8-bit content, no 8BITMIME');
is(only_status('ascii'), '5.6.7', 'T16: SMTPUTF8 missing');
is($report{ascii}{status_type}, 'message/delivery-status',
    'T16: plain ASCII for a sender in ASCII');
my $utf8 = $report{"gr\xc3\xbcn"};
is($utf8->{status_type}, 'message/global-delivery-status',
    'an international notification for an international sender');
like($utf8->{envelope}{from_args}, qr/SMTPUTF8/, 'sent as such');
is(field($report{relayed}{recipients}[0], 'Action'), 'relayed',
    'T16: relayed is told where the next hop has no DSN');
like(only_status('relayed'), qr/^2\./, 'with a status of success');

# ---- nobody is told, but it is known ----

for my $name ('B02: null sender', 'B03: NOTIFY=NEVER',
    'B03: NOTIFY=SUCCESS') {
	my @events = grep { $_->{mid} == $silent_mid{$name} }
	    $gateway->events('bounce_suppressed');
	is(scalar @events, 1, "$name: the log knows");
}
my ($child) = grep { $_->{parent} == $silent_mid{
    'B02: the notification cannot be delivered'} }
    $gateway->events('bounce_generated');
ok(wait_until(10, sub { grep { $_->{mid} == $child->{mid} }
    $gateway->events('bounce_suppressed') }),
    'B02: a notification that fails makes no further one');

# ---- T11 ----

my @passes = grep { $_->{from} eq 'looped@client.test' }
    $gateway->events('accepted');
cmp_ok(scalar @passes, '<=', 101, 'T11: a loop ends by itself');
is(only_status('looped'), '5.4.6', 'T11: and is called one');

# ---- B03: parameters that are no parameters ----

my @wrong = (
	['NOTIFY=NEVER,SUCCESS', 'rcpt'], ['NOTIFY=SOMETIMES', 'rcpt'],
	['NOTIFY=', 'rcpt'], ['NOTIFY=SUCCESS NOTIFY=FAILURE', 'rcpt'],
	['ORCPT=rfc822;bad+2', 'rcpt'], ['ORCPT=rfc822;bad+zz', 'rcpt'],
	['ORCPT=no-type', 'rcpt'], ['ORCPT=rfc822;' . 'x' x 501, 'rcpt'],
	['RET=FULL RET=HDRS', 'mail'], ['RET=SOME', 'mail'],
	['ENVID=' . 'x' x 1000, 'mail'], ['ENVID=bad+2', 'mail'],
	['ENVID=a ENVID=b', 'mail'],
);
for my $case (@wrong) {
	my ($words, $where) = @$case;
	$client->command('RSET');
	my $reply = $client->command('MAIL FROM:<a@client.test>' .
	    ($where eq 'mail' ? " $words" : ''));
	$reply = $client->command("RCPT TO:<b\@hop.test> $words")
	    if $where eq 'rcpt';
	like($reply, qr/^501 5\.5\.4/, 'B03: ' . substr($words, 0, 40));
}

$gateway->cli('delete', '--all');
$client->quit;
$gateway->finish;
done_testing;
