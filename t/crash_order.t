#!/usr/bin/perl
# The order of things in the system calls themselves: a message is written,
# then synced, then queue tells smtp, then smtp says 250.
use strict;
use warnings;
use lib 't/lib', 't/crash';
use Test::More;
use Strace;
use Trial;

my $missing = Strace::missing();
plan skip_all => $missing if $missing;
my $messages = $Trial::LONG ? 300 : 80;

my $trial = Trial->new(name => 'crash_order');
$trial->start_sink;
$trial->{gateway}->wait_event('ready', 1);
my $queue = $trial->pid_of('queue');
$trial->pid_of('smtp');
my @smtp = @{ $trial->children->{smtp} };
my $trace = Strace->new(pids => [$queue, @smtp],
    output => "$trial->{folder}/strace", options => ['-xx', '-s', 32768,
    '-e', 'trace=pwrite64,pwritev,fdatasync,fsync,write,writev,sendmsg,' .
    'sendto,read,recvmsg']);
$trial->load(messages => $messages, sessions => 6, mix => 'small');
ok($trial->finish_load, 'all messages were taken');
ok($trial->drain(30), 'the queue drains');
$trace->detach;

# Calls as [pid, name, descriptor, bytes, begin, end, result]; begin and end
# count the lines of the trace.
sub read_trace {
	my (@calls, %open, $at);
	for my $line ($trace->calls) {
		my ($pid, undef, $text) = @$line;
		$at++;
		my $begin = $at;
		if ($text =~ /^<\.\.\. \w+ resumed>(.*)/s) {
			($begin, my $first) = @{ delete $open{$pid} // next };
			$text = $first . $1;
		} elsif ($text =~ s/ <unfinished \.\.\.>$//) {
			$open{$pid} = [$at, $text];
			next;
		}
		my ($name, $descriptor, $rest) =
		    $text =~ /^(\w+)\((\d+)(.*)$/s or next;
		my ($result) = $rest =~ /= (-?\d+)[^=]*$/;
		my $bytes = join '', $rest =~ /"((?:\\x[0-9a-f]{2})*)"/g;
		$bytes =~ s/\\x(..)/chr hex $1/ge;
		push @calls, { pid => $pid, name => $name, fd => $descriptor,
		    bytes => $bytes, begin => $begin, end => $at,
		    result => $result };
	}
	return @calls;
}

my @calls = read_trace();
my @queue = grep { $_->{pid} == $queue } @calls;
my @writes = grep { $_->{name} =~ /^pwrite/ } @queue;
my @syncs = grep { $_->{name} =~ /sync$/ && ($_->{result} // -1) == 0 } @queue;
my @sends = grep { $_->{name} =~ /^(?:write|writev|send)/ } @queue;
my @submits = grep { $_->{name} =~ /^(?:read|recvmsg)$/ } @queue;
my @replies = grep { $_->{pid} != $queue &&
    $_->{name} =~ /^(?:write|writev|send)/ && $_->{bytes} =~ /^250 /m } @calls;

sub first_of(&@) {
	my ($code, @list) = @_;
	for (@list) {
		return $_ if $code->();
	}
	return;
}

# Rows that were acknowledged: message id and mid.
sub acknowledged {
	open my $in, '<', $trial->{load_log} or die $!;
	return map { / ACK row=(\S+)\.\d+ code=250 mid=(\d+)/ ? [$1, $2] : () }
	    <$in>;
}

my (@unseen, @unsynced, @told, @early);
my @rows = acknowledged();
for my $row (@rows) {
	my ($id, $mid) = @$row;
	my $mark = "X-Load-Id: $id\r\n";
	my $write = first_of { index($_->{bytes}, $mark) >= 0 } @writes;
	my $submit = first_of { index($_->{bytes}, $mark) >= 0 } @submits;
	my $reply = first_of { $_->{bytes} =~ /^250 [^\r]*\b$mid\r$/m }
	    @replies;
	unless ($write && $submit && $reply) {
		push @unseen, $id;
		next;
	}
	my $sync = first_of { $_->{fd} == $write->{fd} &&
	    $_->{begin} > $write->{end} } @syncs;
	unless ($sync) {
		push @unsynced, $id;
		next;
	}
	# The result's number two is the mid.
	my $told = pack('vV', 2, 8) . pack('Q<', $mid);
	push @told, $id if grep { $_->{fd} == $submit->{fd} &&
	    $_->{begin} > $submit->{end} && $_->{begin} < $sync->{end} &&
	    index($_->{bytes}, $told) >= 0 } @sends;
	push @early, $id if $reply->{begin} < $sync->{end};
}
is(scalar @rows, $messages, 'messages acknowledged');
is_deeply(\@unseen, [], 'each was seen arriving, written and answered');
is_deeply(\@unsynced, [], 'each was synced after it was written');
is_deeply(\@told, [], 'none was told to smtp before its sync');
is_deeply(\@early, [], 'no 250 left before the sync');
$trial->judge('nothing lost', least => $messages);
$trial->finish;
done_testing;
