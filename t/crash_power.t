#!/usr/bin/perl
# The power is cut under load, on a disk of its own where each sync takes a
# millisecond more: what was acknowledged is there afterwards.
use strict;
use warnings;
use lib 't/lib', 't/crash';
use Test::More;
use Disk;
use Trial;

Disk::be_alone();
my $missing = Disk::missing();
plan skip_all => $missing if $missing;
my $cuts = $Trial::LONG ? 40 : 5;

# Until it has died of it, the gateway meets a disk that fails every call.
my @of_the_cut = (qr/ queue\[0\] (?:warning|error|fatal) /);
my $trial = Trial->new(name => 'crash_power', start => 0,
    queue => '%DIR%/disk/queue', limits => "  free_space_reserve: 8 MB\n",
    expect => \@of_the_cut);
my $shim = "$trial->{folder}/slowsync.so";
Disk::run($ENV{CC} // 'cc', '-O2', '-fPIC', '-shared', '-o', $shim,
    't/crash/slowsync.c');
$trial->{gateway}{environment} = { LD_PRELOAD => $shim };
my $mount = "$trial->{folder}/gateway/disk";
mkdir $mount;
my $disk = Disk->new(image => "$trial->{folder}/image", mount => $mount,
    megabytes => 512);
$trial->start_sink;
ok($trial->start, 'the gateway starts') or BAIL_OUT('no gateway');
$trial->load(sessions => 8);
ok($trial->wait_more('load', 'ACK', 20), 'messages are accepted');
my $back = 0;
for my $n (1 .. $cuts) {
	$trial->wait_more('load', 'ACK', 50 + int rand 250, 10);
	$trial->note_kill('machine', $trial->{gateway}{pid});
	$disk->cut;
	# Some go on for a moment, as processes do when a disk dies.
	select undef, undef, undef, rand(0.05) if $n % 2;
	$trial->crash;
	$disk->replace;
	$trial->start or last;
	$back++ if $trial->wait_more('load', 'ACK', 5);
}
is($back, $cuts, 'after each cut it went on');
ok($trial->finish_load, 'all that was to be sent again was sent');
ok($trial->drain(60), 'the queue drains');
$trial->judge('nothing lost, nothing unexplained', least => 20 * $cuts);
$trial->finish;
ok($disk->unmount, 'the disk is free again');
done_testing;
