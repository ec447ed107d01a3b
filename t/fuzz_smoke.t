#!/usr/bin/perl
# Every fuzz target for a few seconds, from its seeds and from real messages
# where the test data is at hand.  FUZZ_SECONDS makes it longer.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $build = $ENV{POSTERN_FUZZ_BUILD} // 'build/fuzz';
my $seconds = $ENV{FUZZ_SECONDS} // 3;
my $long = $seconds > 10;
my $testdata = '../shared/testdata';

# Real inputs for some targets.
my %corpus = (
	header_scan => ["$testdata/mime/gmime", "$testdata/mime/mime4j"],
	data_stream => ["$testdata/mime/gmime", "$testdata/smtp/smuggling"],
	smtp_session => ["$testdata/smtp/chasquid-dialogs"],
);

my @targets = map { m{t/fuzz/(\w+)_fuzz\.c$} ? $1 : () }
    sort glob 't/fuzz/*_fuzz.c';
plan skip_all => "no fuzz targets in $build (make fuzz builds them)"
    unless -x "$build/t/fuzz/$targets[0]_fuzz";

for my $target (@targets) {
	my $program = "$build/t/fuzz/${target}_fuzz";
	ok(-x $program, "$target is built") or next;
	ok(-d "t/fuzz/seeds/$target", "$target has seeds");
	my $work = tempdir(CLEANUP => 1);
	my @folders = grep { -d } "t/fuzz/seeds/$target",
	    @{ $corpus{$target} // [] };
	my $log = "$work/log";
	mkdir "$work/corpus";
	my $status = system 'sh', '-c', '"$@" >' . "$log 2>&1", 'sh',
	    $program, "-max_total_time=$seconds", '-rss_limit_mb=2048',
	    '-max_len=' . ($long ? 65536 : 4096), '-timeout=20',
	    '-print_final_stats=1', "-artifact_prefix=$work/",
	    "$work/corpus", @folders;
	open my $in, '<', $log or die $!;
	my $text = do { local $/; <$in> };
	my ($runs) = $text =~ /number_of_executed_units:\s*(\d+)/;
	is($status, 0, "$target: " . ($runs // 0) . ' runs')
	    or diag substr $text, -3000;
}
done_testing;
