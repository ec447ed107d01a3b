#!/usr/bin/perl
# The judge of the crash tests: each sort of wrong is seen, what has a reason
# is not.  Ledgers are written by hand; no gateway takes part.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use File::Temp qw(tempdir);
use Test::More;

my $folder = tempdir(CLEANUP => 1);
my $sha = sha256_hex('content');
my ($from, $ok, $bad) = ('x-0-1.0@client.test', 'ok-1-x-0-1.1@d1.test',
    'perm-1-x-0-1.2@d2.test');

sub write_lines {
	my ($name, @lines) = @_;
	open my $out, '>', "$folder/$name" or die $!;
	print {$out} map { "$_\n" } @lines;
	close $out;
	return "$folder/$name";
}

# What a client and a next hop write when all goes well: at 1 the message is
# sent, at 2 it arrives, at 3 the 250 leaves.
sub row {
	my ($end, $to, %o) = @_;
	my $sender = $o{from} // $from;
	return ("1.000000 START row=x-0-1.0 prev=- from=$sender sha=$sha " .
	    "size=7 to=$to",
	    (map { "1.100000 RCPT row=x-0-1.0 to=$_ code=250" }
	    split /,/, $to), '1.200000 DOT row=x-0-1.0', $end ?
	    "1.300000 $end row=x-0-1.0 code=" . ($o{code} // 250) . ' mid=7'
	    : ());
}

sub got {
	my ($n, %o) = @_;
	my $at = $o{at} // 2;
	my $sender = $o{from} // $from;
	my $id = $o{id} // 'x-0-1';
	return (sprintf('%.6f GOT n=%s began=%.6f envid=%s from=%s to=%s ' .
	    'sha=%s size=7 head=%s body=x-0-1 last=x-0-1 self=ok file=%s',
	    $at, $n, $at - 0.3, $o{envid} // 'x-0-1.0', $sender, $o{to} // $ok,
	    $o{sha} // $sha, $id, $o{file} // '-'),
	    $o{silent} ? () : sprintf('%.6f ANSWERED n=%s code=250',
	    $at + 1, $n));
}

# A bounce about those recipients.
sub bounce {
	my ($n, $words, @failed) = @_;
	my $file = write_lines("bounce-$n", 'Subject: failed', '',
	    '--b', 'Content-Type: message/delivery-status', '',
	    'Reporting-MTA: dns; gateway.test',
	    'Original-Envelope-Id: x-0-1.0', '',
	    (map { ("Final-Recipient: rfc822; $_", 'Action: failed',
	    'Status: 5.1.1', '') } @failed), '--b--', $words);
	return got($n, from => '', to => $from, envid => '-',
	    sha => sha256_hex($words), file => $file, at => 4);
}

my $refused = "2.000000 REFUSED envid=x-0-1.0 to=$bad code=550";

# check(name, load, sink, what is wrong, kills)
sub check {
	my ($name, $load, $sink, $wrong, @kills) = @_;
	my @command = ($^X, 't/crash/count', '--least', 0,
	    '--load', write_lines('load', @$load),
	    '--sink', write_lines('sink', @$sink),
	    '--kills', write_lines('kills', @kills), '--seed', 'x',
	    '--replay', 'again');
	open my $pipe, '-|', @command or die $!;
	my $table = do { local $/; <$pipe> };
	close $pipe;
	my %seen = map { $_ => 1 } $table =~ /^WRONG ([^:]+):/mg;
	is_deeply([sort keys %seen], [sort @$wrong], $name) or diag $table;
	is($? >> 8, @$wrong ? 1 : 0, "$name: exit status");
	return $table;
}

my @acked = row('ACK', $ok);
my $kill = '3.500000 KILL kind=queue pid=1';
my $table = check('all well', \@acked, [got(1)], []);
like($table, qr/^lost +0$/m, 'a table');
like($table, qr/^seed x\nreplay: again$/m, 'seed and replay');

check('lost', \@acked, [], ['lost']);
check('never acknowledged', [row('UNKNOWN', $ok)], [], []);
check('unknown and there', [row('UNKNOWN', $ok)], [got(1)], []);
check('the client died', [row(undef, $ok)], [got(1)], []);
check('ghost', [row('NAK5', $ok, code => 554)], [got(1)], ['ghost']);
check('ghost behind 4xx', [row('NAK4', $ok, code => 452)], [got(1)],
    ['ghost']);
check('451 by itself', [row('NAK4', $ok, code => 451)], [got(1)], ['ghost']);
check('451 of a queue that died', [row('NAK4', $ok, code => 451)], [got(1)],
    [], '1.250000 KILL kind=queue pid=1');
check('452 of a queue that died', [row('NAK4', $ok, code => 452)], [got(1)],
    ['ghost'], '1.250000 KILL kind=queue pid=1');
check('a recipient that was refused', [map { s/(to=ok\S+) code=250/$1 code=550/r }
    row('NAK5', $ok)], [got(1)], ['ghost']);

check('duplicate', \@acked, [got(1), got(2)], ['duplicate']);
check('duplicate, not answered', \@acked, [got(1, silent => 1), got(2)], []);
check('two not answered, three copies', \@acked, [got(1, silent => 1),
    got(2, silent => 1), got(3)], []);
check('three copies, one not answered', \@acked, [got(1, silent => 1),
    got(2), got(3)], ['duplicate']);
check('duplicate by a kill', \@acked, [got(1), got(2, at => 5)], [], $kill);
check('duplicate by a kill while it was on its way', \@acked,
    [got(1), got(2, at => 5)], [], '1.800000 KILL kind=queue pid=1');
check('kill of another process', \@acked, [got(1), got(2, at => 5)],
    ['duplicate'], '3.500000 KILL kind=smtp pid=1');
check('kill before it came', \@acked, [got(1), got(2)], ['duplicate'],
    '1.500000 KILL kind=queue pid=1');
my @later = map { s/x-0-1/x-0-2/gr } map { s/^1/4/r } row('ACK', $ok);
my @other = map { s/x-0-1/x-0-2/gr } got(9);
check('kill long after the 250 was recorded', [@acked, @later],
    [got(1), got(2), @other], ['duplicate'],
    '9.000000 KILL kind=queue pid=1');

check('changed', \@acked, [got(1, sha => sha256_hex('other'))], ['changed']);
check('mixed', \@acked, [got(1, id => 'x-0-9')], ['mixed']);
check('wrong recipient', \@acked, [got(1), got(2, to => 'eve@d1.test')],
    ['stranger']);
check('from nowhere', \@acked, [got(1), got(2, envid => 'y-0-1.0')],
    ['stranger']);
check('sender of another', \@acked, [got(1, from => 'eve@client.test')],
    ['mixed']);

my @failed = row('ACK', $bad);
check('bounced', \@failed, [$refused, bounce(1, 'a', $bad)], []);
check('no bounce', \@failed, [$refused], ['lost', 'no bounce']);
check('two bounces', \@failed, [$refused, bounce(1, 'a', $bad),
    bounce(2, 'b', $bad)], ['many bounces']);
check('the same bounce twice', \@failed, [$refused, bounce(1, 'a', $bad),
    bounce(2, 'a', $bad)], ['many bounces']);
check('the same bounce twice by a kill', \@failed, [$refused,
    bounce(1, 'a', $bad), bounce(2, 'a', $bad)], [],
    '4.500000 KILL kind=deliver pid=1');
check('bounced, never refused', \@acked, [got(1), bounce(2, 'a', $ok)],
    ['wrong bounce']);
check('bounce about somebody else', \@failed, [$refused,
    bounce(1, 'a', $bad, 'eve@d1.test')], ['stranger']);
check('bounce without a report', \@failed, [$refused, bounce(1, 'a')],
    ['lost', 'no bounce', 'wrong bounce']);
check('null sender', [row('ACK', $bad, from => '')], [$refused], []);
check('one delivered, one bounced', [row('ACK', "$ok,$bad")],
    [got(1), $refused, bounce(2, 'a', $bad)], []);
check('one delivered, one forgotten', [row('ACK', "$ok,$bad")],
    [got(1), $refused], ['lost', 'no bounce']);
done_testing;
