package Disk;
# A small ext4 disk in a file, whose power can be cut: FS_IOC_SHUTDOWN drops
# all that was not synced and fails every call from then on.
use strict;
use warnings;
use Fcntl qw(O_RDONLY O_DIRECTORY);
use File::Temp qw(tempdir);

use Postern::Port qw(wait_until);

use constant FS_IOC_SHUTDOWN => 0x8004587d;
use constant FLAGS_NOLOGFLUSH => 2;

sub run {
	my (@command) = @_;
	open my $pipe, '-|', 'sh', '-c', '"$@" 2>&1', 'sh', @command
	    or die "@command: $!";
	my $out = do { local $/; <$pipe> } // '';
	close $pipe;
	die "@command: $out" if $?;
	return $out;
}

# Run the test again where nobody else sees its mounts: a mount that somebody
# copied along lives on when it is taken out here, dead as it is.
sub be_alone {
	return if $> != 0 || $ENV{POSTERN_DISK_ALONE};
	my @alone = qw(unshare --mount --propagation private);
	# Not where the root directory is no mount of its own (a chroot).
	return if system 'sh', '-c', '"$@" 2>/dev/null', 'sh', @alone, 'true';
	local $ENV{POSTERN_DISK_ALONE} = 1;
	exec @alone, $^X, $0, @ARGV or return;
}

# Why there can be none here, or nothing.
sub missing {
	return 'only root may mount' if $> != 0;
	my $place = tempdir(CLEANUP => 1);
	mkdir "$place/mount";
	my $works = eval {
		my $disk = Disk->new(image => "$place/image",
		    mount => "$place/mount", megabytes => 16);
		$disk->cut;
		$disk->replace;
		1;
	};
	return if $works;
	chomp(my $why = $@);
	return "no disk whose power can be cut: $why";
}

# new(image => file, mount => folder, megabytes => N); dies if it cannot.
sub new {
	my ($class, %o) = @_;
	my $self = bless { %o }, $class;
	open my $file, '>', $o{image} or die "$o{image}: $!";
	truncate $file, $o{megabytes} << 20 or die "$o{image}: $!";
	close $file;
	run('mkfs.ext4', '-q', '-F', $o{image});
	$self->mount;
	return $self;
}

sub mount {
	my ($self) = @_;
	run('mount', '-o', 'loop', $self->{image}, $self->{mount});
	$self->{mounted} = 1;
}

sub cut {
	my ($self) = @_;
	sysopen my $folder, $self->{mount}, O_RDONLY | O_DIRECTORY
	    or die "$self->{mount}: $!";
	my $flags = pack 'L', FLAGS_NOLOGFLUSH;
	ioctl $folder, FS_IOC_SHUTDOWN, $flags or die "shutdown: $!";
	close $folder;
}

# Take it out and put it in again, when nobody uses it any more.
sub replace {
	my ($self) = @_;
	$self->unmount or die "umount $self->{mount}: still in use";
	$self->mount;
}

sub unmount {
	my ($self) = @_;
	return 1 unless $self->{mounted};
	wait_until(20, sub { eval { run('umount', $self->{mount}); 1 } })
	    or return 0;
	$self->{mounted} = 0;
	return 1;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);
	run('umount', '-l', $self->{mount}) unless $self->unmount;
}

1;
