package Postern::Slapd;
# A real LDAP server on loopback ports, plain with StartTLS and ldaps, with
# the test's entries.
use strict;
use warnings;
use File::Temp qw(tempdir);
use POSIX ();

use Postern::Port qw(free_port wait_port);

my $schema = '/etc/ldap/schema';

# Why it cannot run; nothing when it can.
sub missing {
	return 'slapd is not installed' unless -x program();
	return;
}

sub program { return '/usr/sbin/slapd' }

# new(entries => LDIF, certificate => { cert =>, key => },
#     [reader => DN that alone may read])
sub new {
	my ($class, %o) = @_;
	my $self = bless { %o, port => free_port(), tls_port => free_port(),
	    directory => tempdir('slapd-XXXXXX', TMPDIR => 1, CLEANUP => 1) },
	    $class;
	mkdir "$self->{directory}/db" or die $!;
	$self->write_files;
	$self->load;
	$self->start or die 'slapd does not start: ' . $self->log_text;
	return $self;
}

sub write_file {
	my ($self, $name, $content) = @_;
	open my $out, '>', "$self->{directory}/$name" or die $!;
	print {$out} $content;
	close $out;
	return;
}

sub write_files {
	my ($self) = @_;
	my $d = $self->{directory};
	my $access = $self->{reader} ?
	    "access to * by dn.exact=\"$self->{reader}\" read by * auth" :
	    'access to * by * read';
	$self->write_file('entries.ldif', $self->{entries});
	$self->write_file('slapd.conf', <<"END");
include $schema/core.schema
include $schema/cosine.schema
include $schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $d/slapd.pid
TLSCertificateFile $self->{certificate}{cert}
TLSCertificateKeyFile $self->{certificate}{key}
TLSVerifyClient never
database mdb
suffix "dc=example,dc=test"
rootdn "cn=admin,dc=example,dc=test"
directory $d/db
$access
END
	return;
}

sub load {
	my ($self) = @_;
	my $d = $self->{directory};
	system "/usr/sbin/slapadd -f $d/slapd.conf -l $d/entries.ldif " .
	    ">$d/output 2>&1";
	die 'slapadd: ' . $self->log_text if $?;
	return;
}

sub start {
	my ($self) = @_;
	my $d = $self->{directory};
	my $addresses = join ' ', map { ("ldap://$_:$self->{port}/",
	    "ldaps://$_:$self->{tls_port}/") } qw(127.0.0.1 127.0.0.2);
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		setpgrp;
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$d/output" or die;
		open STDERR, '>&', \*STDOUT;
		no warnings 'exec';
		exec qw(setpriv --pdeathsig KILL), program(), '-f',
		    "$d/slapd.conf", '-h', $addresses, qw(-d 256);
		POSIX::_exit(127);
	}
	setpgrp $pid, $pid;
	$self->{pid} = $pid;
	return wait_port($self->{port}) && wait_port($self->{tls_port});
}

# What it was asked, with what came of it.
sub log_text {
	my ($self) = @_;
	open my $in, '<', "$self->{directory}/output" or return '';
	local $/;
	return <$in> // '';
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	kill 'KILL', -$pid;
	waitpid $pid, 0;
	return;
}

# It takes connections and says nothing, until it is continued.
sub freeze { kill 'STOP', -$_[0]{pid} }
sub thaw { kill 'CONT', -$_[0]{pid} }

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);
	$self->stop;
	return;
}

1;
