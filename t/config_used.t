#!/usr/bin/perl
# Every setting of the configuration is read by some process: one that is
# parsed and then ignored would be a promise nobody keeps.
use strict;
use warnings;
use Test::More;

sub slurp {
	my ($path) = @_;
	open my $in, '<', $path or die "$path: $!";
	local $/;
	return <$in>;
}

# Members of the structs in config.h, without lists and their counts, which
# the settings below them need anyway.
my $header = slurp('gateway/config/config.h') .
    slurp('gateway/config/config_directory.h');
$header =~ s{/\*.*?\*/}{}gs;
my @members;
while ($header =~ /struct (config\w*) \{(.*?)\n\};/gs) {
	my ($struct, $body) = ($1, $2);
	while ($body =~ /^\t(?:struct text|u?int\d+_t)\s+\*?(\w+);/mg) {
		push @members, "$struct.$1";
	}
}
cmp_ok(scalar @members, '>', 80, 'the settings were found');

my $code = join '', map { slurp($_) } grep { !m{^gateway/config/} }
    split /\n/, `find gateway crypto policy listeners queue -name '*.c'`;
$code =~ s{/\*.*?\*/}{}gs;
# Content that admin reads at load is used in place of the file's name.
my %content = ('config_certificate.certificate_file' => 'certificate_pem',
    'config_tls.trust_files' => 'trust_pem',
    'config_directory.trust_file' => 'trust_pem',
    'config_tls.trust_system' => 'trust_pem',
    'config_dns.trust_anchor_file' => 'trust_anchor');
my @unused = grep {
	my ($name) = /\.(\w+)$/;
	$name = $content{$_} // $name;
	$code !~ /(?:\.|->)\Q$name\E\b/ &&
	    $code !~ /offsetof\(struct config\w*, \Q$name\E\)/;
} @members;
is_deeply(\@unused, [], 'no setting is ignored');
done_testing;
