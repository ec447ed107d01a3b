#!/usr/bin/perl
# Calls that are forbidden, and what every file must have.
use strict;
use warnings;
use Test::More;

my %forbidden = (
	'unbounded strings' => qr{\b(?:strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strtok|strtok_r)\s*\(},
	'unchecked numbers' => qr{\b(?:atoi|atol|atoll|sscanf)\s*\(},
	'stack of unknown size' => qr{\balloca\s*\(},
	'a shell' => qr{\b(?:system|popen)\s*\(},
	'threads' => qr{\bpthread_create\s*\(},
	'jumps' => qr{\b(?:setjmp|longjmp)\s*\(},
	'old PKCS7' => qr{\bPKCS7_\w+\s*\(},
);
# Only the clock asks for the time; supervisor, pool helper and unseal fork.
my %only = (
	'the time' => [qr{\b(?:clock_gettime|gettimeofday|time)\s*\(},
	    qr{^gateway/base/clock\.c$}],
	'exec' => [qr{\bexecv?[ple]*\s*\(},
	    qr{^gateway/supervisor/supervisor_child\.c$}],
	'fork' => [qr{\bv?fork\s*\(},
	    qr{^(?:gateway/supervisor/supervisor_child|gateway/store/segment_pool|
		crypto/unseal/unseal_child)\.c$}x],
);

my @files = split /\n/,
    `find gateway crypto policy listeners queue webui -name '*.[ch]' | sort`;
my %found = map { $_ => [] } keys %forbidden, keys %only;
my (@unguarded, @unheaded, @long);
for my $file (@files) {
	open my $in, '<', $file or die "$file: $!";
	my $source = do { local $/; <$in> };
	close $in;
	push @unheaded, $file unless $source =~ m{^/\*};
	push @long, $file if grep { length > 100 } split /\n/, $source;
	if ($file =~ /\.h$/) {
		my $guard = uc $file;
		$guard =~ s/[^A-Z0-9]/_/g;
		push @unguarded, $file unless $source =~ /^#define \Q$guard\E$/m;
	}
	(my $code = $source) =~ s{/\*.*?\*/}{ my $c = $&; $c =~ s/[^\n]//g; $c }gse;
	$code =~ s/"(?:[^"\\\n]|\\.)*"/""/g;
	my $number = 0;
	for my $line (split /\n/, $code) {
		$number++;
		for my $rule (keys %forbidden) {
			push @{$found{$rule}}, "$file:$number"
			    if $line =~ $forbidden{$rule};
		}
		for my $rule (keys %only) {
			push @{$found{$rule}}, "$file:$number"
			    if $line =~ $only{$rule}[0] &&
			    $file !~ $only{$rule}[1];
		}
	}
}
is_deeply($found{$_}, [], "none: $_") for sort keys %forbidden;
is_deeply($found{$_}, [], "in one place: $_") for sort keys %only;
is_deeply(\@unguarded, [], 'headers are guarded by their path');
is_deeply(\@unheaded, [], 'every file opens with what it is');
is_deeply(\@long, [], 'no line over 100 bytes');
done_testing;
