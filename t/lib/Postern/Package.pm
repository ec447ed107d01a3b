package Postern::Package;
# Debian packages that are downloaded and unpacked, never installed: the
# rows "unpack" of packaging/packages.list.
use strict;
use warnings;
use Exporter 'import';
use Fcntl ':flock';
use File::Path qw(make_path);
use File::Temp qw(tempdir);

our @EXPORT_OK = qw(tree tree_program);

my $list = 'packaging/packages.list';
my ($cache, %names);

# A folder that outlives the test, else one that does not.
sub cache {
	return $cache if defined $cache;
	for my $folder ($ENV{POSTERN_PACKAGES}, '/var/cache/postern-test',
	    defined $ENV{HOME} ? "$ENV{HOME}/.cache/postern-test" : undef) {
		next unless defined $folder;
		eval { make_path($folder); 1 } or next;
		return $cache = $folder if -w $folder;
	}
	return $cache = tempdir(CLEANUP => 1);
}

sub named {
	my ($package) = @_;
	unless (%names) {
		open my $in, '<', $list or die "$list: $!";
		while (my $line = <$in>) {
			$names{$1} = 1 if $line =~ /^unpack\s+(\S+)/;
		}
	}
	return $names{$package};
}

sub quietly {
	my ($folder, @command) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$folder/fetch.log";
		open STDERR, '>&', \*STDOUT;
		no warnings 'exec';
		chdir $folder and exec @command;
		require POSIX;
		POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return $? == 0;
}

sub fetch {
	my ($folder, $package) = @_;
	return 1 if -e "$folder/done-$package";
	my @download = ('apt-get', '-q', 'download', $package);
	quietly($folder, @download) or ($> == 0 &&
	    quietly($folder, qw(apt-get -q update)) &&
	    quietly($folder, @download)) or return 0;
	my ($file) = sort { -M $a <=> -M $b } glob "$folder/${package}_*.deb";
	return 0 unless defined $file;
	quietly($folder, 'dpkg', '-x', $file, "$folder/root") or return 0;
	open my $done, '>', "$folder/done-$package" or return 0;
	return 1;
}

sub environment {
	my ($root) = @_;
	return join ':', "$root/usr/lib/postfix",
	    glob("$root/usr/lib/*-linux-gnu"), glob("$root/lib/*-linux-gnu");
}

# Libraries that the machine lacks come from the list, too.
sub complete {
	my ($folder, @programs) = @_;
	local $ENV{LD_LIBRARY_PATH} = environment("$folder/root");
	my $missing = sub {
		grep { /not found/ } map { `ldd '$_' 2>/dev/null` }
		    map { "$folder/root/$_" } @programs;
	};
	return 1 unless $missing->();
	named('');
	fetch($folder, $_) for sort grep { /^lib/ } keys %names;
	$ENV{LD_LIBRARY_PATH} = environment("$folder/root");
	return !$missing->();
}

# Unpack them into one tree; gives its path, or nothing and the reason.
# programs are paths in the tree that are going to be run.
sub tree {
	my ($packages, $programs) = @_;
	my $folder = cache();
	for (@$packages) {
		return (undef, "$list does not name $_") unless named($_);
	}
	open my $lock, '>', "$folder/lock" or
	    return (undef, "$folder/lock: $!");
	flock $lock, LOCK_EX;
	for (@$packages) {
		return (undef, "package $_ cannot be downloaded (see " .
		    "$folder/fetch.log)") unless fetch($folder, $_);
	}
	for (@$programs) {
		return (undef, "$_ is not in @$packages")
		    unless -e "$folder/root/$_";
	}
	return (undef, "libraries for @$packages are missing")
	    unless complete($folder, @$programs);
	chmod 0755, $folder, "$folder/root";
	return ("$folder/root", '');
}

# The words that run a program out of the tree.
sub tree_program {
	my ($root, $program, @arguments) = @_;
	return ('env', 'LD_LIBRARY_PATH=' . environment($root),
	    "$root/$program", @arguments);
}

1;
