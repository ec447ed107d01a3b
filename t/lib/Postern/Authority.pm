package Postern::Authority;
# A certificate authority of its own, made with the openssl program.
use strict;
use warnings;
use File::Temp qw(tempdir);

sub run {
	my (@command) = @_;
	open my $pipe, '-|', 'sh', '-c', '"$@" 2>&1', 'sh', @command
	    or die "@command: $!";
	my $out = do { local $/; <$pipe> };
	close $pipe;
	die "@command:\n$out" if $?;
	return $out;
}

# new([directory =>], [name =>])
sub new {
	my ($class, %o) = @_;
	my $self = bless { directory => $o{directory} //
	    tempdir(CLEANUP => 1), serial => time }, $class;
	my $d = $self->{directory};
	mkdir $d unless -d $d;
	$self->{certificate} = "$d/ca.pem";
	$self->{key} = "$d/ca.key";
	run(qw(openssl req -x509 -newkey ec -pkeyopt
	    ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj),
	    '/CN=' . ($o{name} // 'Test Authority'),
	    '-keyout', $self->{key}, '-out', $self->{certificate});
	return $self;
}

# issue(name, [names => [..]], [days => N], [subject_only => 1],
#     [alternative => subjectAltName as openssl writes it], [file =>],
#     [key => 'rsa'], [usage => 'clientAuth']); { cert, key } as paths.
sub issue {
	my ($self, $name, %o) = @_;
	my $base = "$self->{directory}/" . ($o{file} // $name);
	$base =~ s/\*/_/g;
	my @algorithm = ($o{key} // 'ec') eq 'rsa' ? ('rsa:2048') :
	    (qw(ec -pkeyopt ec_paramgen_curve:prime256v1));
	run(qw(openssl req -newkey), @algorithm, qw(-nodes -subj),
	    "/CN=$name", '-keyout', "$base.key", '-out', "$base.csr");
	open my $ext, '>', "$base.ext" or die $!;
	my $names = $o{alternative} // join ',', map { "DNS:$_" }
	    @{ $o{names} // [$name] };
	print {$ext} "subjectAltName=$names\n" unless $o{subject_only};
	printf {$ext} "extendedKeyUsage=%s\n", $o{usage} // 'serverAuth';
	close $ext;
	my @days = ('-days', $o{days} // 365);
	run(qw(openssl x509 -req -CA), $self->{certificate}, '-CAkey',
	    $self->{key}, '-set_serial', ++$self->{serial}, '-in',
	    "$base.csr", '-out', "$base.pem", '-extfile', "$base.ext",
	    @days);
	return { cert => "$base.pem", key => "$base.key" };
}

1;
