#!/usr/bin/perl
# kill -9 before every single system call by which the queue process changes
# the disk or tells somebody, while it accepts, delivers and bounces; and
# before those by which smtp and deliver speak.
use strict;
use warnings;
use lib 't/lib', 't/crash';
use List::Util qw(shuffle);
use Test::More;
use Strace;
use Trial;

my $missing = Strace::missing();
plan skip_all => $missing if $missing;

my $calls = join ',', qw(write writev pwrite64 pwritev fsync fdatasync rename
    renameat renameat2 unlink unlinkat ftruncate sendmsg sendto);
# What the short form takes of it: kind, mix, points, calls.
my @samples = (
	['queue', 'scene', 24, qr/./],
	['queue', 'scene_large', 8, qr/^(?:rename|unlink|ftruncate|fsync)/],
	['smtp', 'scene', 4, qr/./],
	['deliver', 'scene', 4, qr/./],
);

# Segments so small that a large message begins a new one.
my $trial = Trial->new(name => 'crash_inject',
    limits => "  segment_size: 1 MB\n  segment_pool: 2\n");
$trial->start_sink;

# A good and a bad recipient: accepted, delivered, bounced.
sub scene {
	my ($kind, $name, $mix, @options) = @_;
	return $trial->trace_scene($kind, { mix => $mix,
	    seed => "$trial->{seed}-$kind-$name" }, @options);
}

# What there is to be interrupted: { call => how often }.
sub count_calls {
	my ($kind, $mix) = @_;
	my (undef, @plain) = scene($kind, "plain-$mix", $mix, '-e',
	    "trace=$calls");
	my %count;
	for my $call (@plain) {
		$count{$1}++ if $call->[2] =~ /^(\w+)\(/;
	}
	ok(scalar keys %count, join ', ', "in $mix of $kind",
	    map { "$_ $count{$_}" } sort keys %count);
	return \%count;
}

my ($points, $killed, $wrong) = (0, 0, 0);
sub point {
	my ($kind, $call, $n, $mix) = @_;
	$trial->age(0.8);
	$points++;
	my ($time) = scene($kind, "$call-$n-$mix", $mix, '-e', "trace=$call",
	    '-e', "inject=$call:signal=KILL:when=$n");
	$killed++ if $time;
	my ($status, $table) = $trial->count;
	if ($status != 0 && !$wrong++) {
		fail "kill of $kind before $call number $n ($mix)";
		diag $table;
		$trial->show_log;
	}
	return $time;
}

# Number by number until the scene ends unharmed.
sub every_point {
	my ($kind, $mix) = @_;
	my $count = count_calls($kind, $mix);
	for my $call (sort keys %$count) {
		for (my $n = 1; $n <= 500; $n++) {
			point($kind, $call, $n, $mix) or last;
		}
	}
}

sub some_points {
	my ($kind, $mix, $most, $which) = @_;
	my $count = count_calls($kind, $mix);
	my @all = shuffle map { my $c = $_; map { [$c, $_] }
	    1 .. $count->{$c} } grep { $_ =~ $which } sort keys %$count;
	splice @all, $most if @all > $most;
	point($kind, @$_, $mix) for sort { "@$a" cmp "@$b" } @all;
}

if ($Trial::LONG) {
	for my $kind (qw(queue smtp deliver)) {
		every_point($kind, $_) for qw(scene scene_large);
	}
} else {
	some_points(@$_) for @samples;
}
cmp_ok($killed, '>=', $points / 3, "$killed kills at $points points");
is($wrong, 0, 'each of them was survived');
$trial->judge('Q01: nothing lost, nothing unexplained',
    least => $points);
$trial->finish;
done_testing;
