#!/usr/bin/perl
# A file includes only lower floors and its own room; a library is included
# in one place.
use strict;
use warnings;
use Test::More;

my %floor = (
	'gateway/base' => 0,
	'gateway/mail' => 1, 'gateway/config' => 1, 'gateway/store' => 1,
	'gateway/protocol' => 2,
	'crypto' => 3,
	'policy' => 4, 'webui/http' => 4,
	map { $_ => 5 } qw(listeners queue queue/delivery policy/scan
	    policy/inspect crypto/keys crypto/protect crypto/vault crypto/unseal
	    webui/server gateway/lookup gateway/supervisor gateway/admin
	    gateway/cli),
);

# header pattern => files that may include it
my @libraries = (
	[qr{^event2?/|^event\.h}, qr{^gateway/base/loop|^gateway/lookup/}],
	[qr{^seccomp\.h}, qr{^gateway/base/jail}],
	[qr{^yaml\.h}, qr{^gateway/config/config_yaml\.c$}],
	[qr{^sqlite3\.h}, qr{^gateway/store/}],
	[qr{^openssl/}, qr{^crypto/}],
	[qr{^unbound}, qr{^gateway/lookup/}],
	[qr{^idn2\.h}, qr{^gateway/lookup/}],
	[qr{^jansson\.h},
	    qr{^gateway/(?:admin|cli)/|^crypto/key_service_message\.c$|
		^crypto/unseal/unseal_manifest\.c$}x],
	[qr{^curl/}, qr{^gateway/base/https_fetch}],
	[qr{^unicode/}, qr{^gateway/mail/(?:charset|skeleton)}],
	[qr{^pcre2}, qr{^policy/pattern}],
	[qr{^hs/}, qr{^policy/pattern_vectorscan\.c$}],
	[qr{^magic\.h}, qr{^policy/file_type}],
);

my @files = split /\n/,
    `find gateway crypto policy listeners queue webui -name '*.[ch]' | sort`;
cmp_ok(scalar @files, '>', 50, 'the tree was found');

my (@upward, @nameless, @library, @homeless);
for my $file (@files) {
	my ($room) = $file =~ m{^(.*)/[^/]+$};
	unless (defined $floor{$room}) {
		push @homeless, $file;
		next;
	}
	open my $in, '<', $file or die "$file: $!";
	while (my $line = <$in>) {
		if ($line =~ m{^\s*#\s*include\s+"([^"]+)"}) {
			my $header = $1;
			next if $header eq 'config.h';
			my ($other) = $header =~ m{^(.*)/[^/]+$};
			if (!defined $other || !defined $floor{$other}) {
				push @nameless, "$file:$.: $header";
				next;
			}
			push @upward, "$file:$.: $header"
			    if $other ne $room &&
			    $floor{$other} >= $floor{$room};
		} elsif ($line =~ m{^\s*#\s*include\s+<([^>]+)>}) {
			my $header = $1;
			for my $rule (@libraries) {
				push @library, "$file:$.: $header"
				    if $header =~ $rule->[0] &&
				    $file !~ $rule->[1];
			}
		}
	}
	close $in;
}
is_deeply(\@homeless, [], 'every file lives in a room');
is_deeply(\@nameless, [], 'includes name the room');
is_deeply(\@upward, [], 'no include goes up or to a neighbour');
is_deeply(\@library, [], 'each library is included in one place');
done_testing;
