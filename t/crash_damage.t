#!/usr/bin/perl
# Q02, Q09: damage to the log or the index while the gateway is stopped.  It
# starts again; damage in the index costs nothing, damage in the log at most
# the message that it hit, which is set aside with an alert; nothing wrong
# is ever delivered.
use strict;
use warnings;
use lib 't/lib', 't/crash';
use Test::More;
use Trial;
use Postern::Port qw(wait_until);

my $flips = $Trial::LONG ? 300 : 24;
my $messages = 24;

my $trial = Trial->new(name => 'crash_damage',
    limits => "  segment_size: 1 MB\n  segment_pool: 2\n" .
	"  hot_bodies: 0\n", expect => [qr/./]);
my $place = "$trial->{folder}/gateway";

# Messages that wait for a next hop that is not there.
$trial->load(messages => $messages, sessions => 3, mix => 'plain');
ok($trial->finish_load, 'messages are accepted');

sub copy_to {
	my ($name) = @_;
	system('cp', '-a', "$place/queue", "$trial->{folder}/$name") == 0
	    or die "cp: $?";
}

# As it is after kill -9 (the index lags), and after a clean end.
$trial->crash;
copy_to('killed');
ok($trial->start, 'it starts');
is($trial->queue_count, $messages, 'all are queued');
is($trial->{gateway}->stop, 0, 'it stops');
copy_to('stopped');
$trial->start_sink;

# ---- damage ----------------------------------------------------------------

sub files_of {
	my ($copy, $pattern) = @_;
	my @files = split /\n/, `cd $trial->{folder}/$copy && find . -type f`;
	return sort grep { $_ =~ $pattern } @files;
}

# Bytes up to the last that is not zero.
sub used_size {
	my ($path) = @_;
	open my $in, '<:raw', $path or die "$path: $!";
	my $bytes = do { local $/; <$in> } // '';
	$bytes =~ s/\0+\z//;
	return length $bytes;
}

sub overwrite {
	my ($file, $offset, $bytes) = @_;
	open my $out, '+<:raw', "$place/queue/$file" or die "$file: $!";
	seek $out, $offset, 0;
	print {$out} $bytes;
	close $out or die "$file: $!";
}

sub flip {
	my ($file, $offset) = @_;
	open my $in, '<:raw', "$place/queue/$file" or die "$file: $!";
	seek $in, $offset, 0;
	read $in, my $byte, 1;
	close $in;
	overwrite($file, $offset, chr(ord($byte) ^ (1 << int rand 8)));
}

# Everything that is done to a copy: [name, copy, may cost a message, code].
my @damages;
my ($index) = files_of('stopped', qr/\.db$/);
my ($wal) = files_of('killed', qr/\.db-wal$/);
ok($index, 'there is an index');
push @damages, ['index deleted', 'stopped', 0,
    sub { unlink map { "$place/queue/$_" } files_of('stopped', qr/\.db/) }];
push @damages, ['index deleted after kill', 'killed', 0,
    sub { unlink map { "$place/queue/$_" } files_of('killed', qr/\.db/) }];
push @damages, ["header of $index zeroed", 'stopped', 0,
    sub { overwrite($index, 0, "\0" x 100) }];
push @damages, ["$index cut to half", 'stopped', 0,
    sub { truncate "$place/queue/$index",
	int((-s "$place/queue/$index") / 2) }];
push @damages, ["page of $index zeroed", 'stopped', 0,
    sub { overwrite($index, 4096, "\0" x 4096) }];
push @damages, ["$wal deleted", 'killed', 0,
    sub { unlink "$place/queue/$wal" }] if $wal;
push @damages, ["$wal of another", 'stopped', 0,
    sub { system 'cp', '-a', "$trial->{folder}/killed/$wal",
	"$place/queue/$wal" }] if $wal;

sub random_flip {
	my ($copy, $pattern, $cost) = @_;
	my @files = map { my $size = used_size("$trial->{folder}/$copy/$_");
	    $size ? [$_, $size] : () } files_of($copy, $pattern);
	my ($file, $size) = @{ $files[rand @files] };
	my $offset = int rand $size;
	push @damages, ["flip $file at $offset", $copy, $cost,
	    sub { flip($file, $offset) }];
}
for my $n (1 .. $flips) {
	if ($n % 3) {
		random_flip('stopped', qr{/seg-\d+$}, 1);
	} elsif ($n % 2) {
		random_flip('stopped', qr/\.db$/, 0);
	} else {
		random_flip('killed', qr{\.db(?:-wal)?$|/leases$}, 0);
	}
}

# ---- what comes of it ------------------------------------------------------

sub replace_queue {
	my ($copy) = @_;
	system('rm', '-rf', "$place/queue");
	system('cp', '-a', "$trial->{folder}/$copy", "$place/queue") == 0
	    or die "cp: $?";
	truncate $trial->{sink_log}, 0;
}

# Wait until all that is left is held; the mids of these, or nothing.
sub wait_rest {
	my $since = time;
	return wait_until(20, sub {
		select undef, undef, undef, 0.03;
		my $list = $trial->{gateway}->json('queue') or return;
		my @rest = @{ $list->{messages} };
		return if grep { lc $_->{state} ne 'held' } @rest;
		return [map { $_->{mid} } @rest];
	});
}

sub number_of {
	my ($table, $what) = @_;
	return $table =~ /^\Q$what\E +(\d+)$/m ? $1 : 0;
}

my ($aside, $silent, @wrong) = (0, 0);
for my $damage (@damages) {
	my ($name, $copy, $cost, $do) = @$damage;
	replace_queue($copy);
	$do->();
	my $before = length $trial->{gateway}->stderr_text;
	unless ($trial->start) {
		push @wrong, "$name: does not start";
		diag substr $trial->{gateway}->stderr_text, $before;
		last if @wrong > 3;
		next;
	}
	my $rest = wait_rest();
	my $log = substr $trial->{gateway}->stderr_text, $before;
	$trial->crash;
	unless ($rest) {
		push @wrong, "$name: does not come to rest";
		diag "$name:\n", grep { !/ info / } split /^/, $log;
		next;
	}
	my $list = "$trial->{folder}/queued";
	open my $out, '>', $list or die $!;
	print {$out} "$_\n" for @$rest;
	close $out;
	my ($status, $table) = $trial->count(queued => $list);
	my $lost = number_of($table, 'lost');
	my $missing = $lost + @$rest;
	my $others = grep { number_of($table, $_) } 'ghost', 'stranger',
	    'changed', 'mixed', 'duplicate', 'no bounce', 'many bounces',
	    'wrong bounce';
	my $alert = $log =~ /\b(?:warning|error)\b .*event=/;
	$aside += @$rest;
	my $verdict = $others ? 'wrong delivery' :
	    $missing > $cost ? "$missing of $messages missing" :
	    $missing && !$alert ? 'missing without an alert' : next;
	push @wrong, "$name: $verdict";
	diag "$name:\n$table" if @wrong < 4;
}
my $tried = @damages;
is_deeply(\@wrong, [], "$tried damages: nothing wrong delivered, " .
    "no more lost than was hit ($aside set aside)");
note "seed $trial->{seed}; replay: ", $trial->replay_command;
$trial->stop_sink;
done_testing;
