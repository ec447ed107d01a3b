package Postern::Peer;
# Other people's mail servers as next hops on loopback: Postfix, OpenSMTPD
# and Exim from Debian's packages, unpacked, each in namespaces of its own
# with users, spool and configuration of its own.  They keep what they get.
use strict;
use warnings;
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX ':sys_wait_h';

use Postern::Package qw(tree tree_program);
use Postern::Port qw(free_port wait_port wait_until);

my %kinds = (
	postfix => {
		packages => ['postfix'],
		programs => ['usr/lib/postfix/sbin/master',
		    'usr/lib/postfix/sbin/smtpd'],
		users => [qw(postfix postdrop)],
		prepare => \&prepare_postfix,
	},
	opensmtpd => {
		packages => ['opensmtpd'],
		programs => ['usr/sbin/smtpd'],
		users => [qw(opensmtpd opensmtpq)],
		prepare => \&prepare_opensmtpd,
	},
	exim => {
		packages => [qw(exim4-daemon-light exim4-base)],
		programs => ['usr/sbin/exim4'],
		users => ['Debian-exim'],
		prepare => \&prepare_exim,
	},
);
my $keeper = 65534;	# who owns the mail that is kept
my $first_id = 64810;	# of the peers' users, inside their namespace

# Why peers cannot run here; nothing when they can.
sub missing {
	return 'needs root for a mount namespace' if $> != 0;
	system('unshare -m -p --fork true >/dev/null 2>&1') == 0 or
	    return 'needs the right to make namespaces';
	return;
}

# new(kind => 'postfix', [tls => {cert, key}]): the peer, or nothing and the
# reason why not.
sub new {
	my ($class, %o) = @_;
	my $kind = $kinds{ $o{kind} } or die "peer $o{kind}?";
	my $reason = missing();
	return (undef, $reason) if $reason;
	my ($root, $why) = tree($kind->{packages}, $kind->{programs});
	return (undef, $why) unless $root;
	my $directory = tempdir('peer-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	chmod 0755, $directory;
	my $self = bless { %o, root => $root, directory => $directory,
	    port => free_port() }, $class;
	make_path(map { "$directory/$_" } qw(etc spool data log mail));
	chown $keeper, $keeper, "$directory/mail";
	$self->write_users(@{ $kind->{users} });
	$self->copy_certificate if $o{tls};
	my ($mounts, @command) = $kind->{prepare}->($self);
	$self->start($mounts, @command);
	return $self if wait_port($self->{port}, 20);
	my $log = $self->log_tail;
	$self->stop;
	return (undef, "$o{kind} does not start: $log");
}

sub write_file {
	my ($self, $name, $content, $mode) = @_;
	my $path = "$self->{directory}/$name";
	open my $out, '>', $path or die "$path: $!";
	print {$out} $content;
	close $out;
	chmod $mode // 0644, $path;
	return $path;
}

# The machine's users and the peer's: nobody is added to the machine.
sub write_users {
	my ($self, @users) = @_;
	my ($passwd, $group) = map { slurp($_) } '/etc/passwd', '/etc/group';
	my $id = $first_id;
	for my $user (@users) {
		$id++;
		$passwd .= "$user:x:${id}:${id}::/nonexistent:/usr/sbin/nologin\n"
		    unless $passwd =~ /^\Q$user\E:/m;
		$group .= "$user:x:${id}:\n" unless $group =~ /^\Q$user\E:/m;
	}
	$self->write_file('etc/passwd', $passwd);
	$self->write_file('etc/group', $group);
	# Names are not asked for over the network.
	$self->write_file('etc/resolv.conf', "nameserver 127.0.0.1\n" .
	    "options timeout:1 attempts:1\n");
	return;
}

sub id_of {
	my ($self, $user, $file) = @_;
	my ($id) = slurp("$self->{directory}/etc/" . ($file // 'passwd')) =~
	    /^\Q$user\E:[^:]*:(\d+)/m;
	return $id;
}

sub copy_certificate {
	my ($self) = @_;
	$self->write_file('etc/cert.pem', slurp($self->{tls}{cert}));
	$self->write_file('etc/key.pem', slurp($self->{tls}{key}), 0600);
	return;
}

sub slurp {
	my ($path) = @_;
	open my $in, '<:raw', $path or return '';
	local $/;
	return <$in> // '';
}

# In namespaces of its own: mounts are [what, where] pairs; all processes end
# with the first.
sub start {
	my ($self, $mounts, @command) = @_;
	my $d = $self->{directory};
	my $script = 'set -e; ';
	for my $mount (["$d/etc/passwd", '/etc/passwd'],
	    ["$d/etc/group", '/etc/group'],
	    ["$d/etc/resolv.conf", '/etc/resolv.conf'], @$mounts) {
		$script .= "mount --bind '$mount->[0]' '$mount->[1]'; ";
	}
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		setpgrp;
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$d/log/output" or die;
		open STDERR, '>&', \*STDOUT;
		no warnings 'exec';
		chdir $d;
		# The shell stays the first process of the namespace: it
		# ends with unshare, that with the test, and all with it.
		exec qw(setpriv --pdeathsig KILL unshare -m -p --fork
		    --kill-child sh -c), $script . '"$@" & wait', 'sh',
		    @command;
		POSIX::_exit(127);
	}
	$self->{pid} = $pid;
	return;
}

# Whether a TLS handshake succeeds with somebody else's client.
sub speaks_tls {
	my ($self) = @_;
	my $said = `echo QUIT | timeout 10 openssl s_client -starttls smtp \\
	    -connect 127.0.0.1:$self->{port} 2>&1`;
	return $said =~ /^SSL handshake has read/m &&
	    $said !~ /SSL alert number/;
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	# With the first process of a namespace end all others in it.
	kill 'KILL', split(' ', slurp("/proc/$pid/task/$pid/children")),
	    $pid;
	waitpid $pid, 0;
	return;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);
	$self->stop;
	return;
}

sub log_text {
	my ($self) = @_;
	return join '', map { slurp($_) } glob "$self->{directory}/log/*";
}

# The end of its log, for people.
sub log_tail {
	my ($self) = @_;
	my @lines = split /\n/, $self->log_text;
	splice @lines, 0, -30 if @lines > 30;
	return join "\n", @lines;
}

# What it has kept so far: whole messages with LF at the end of each line.
sub messages {
	my ($self) = @_;
	my @found;
	for my $folder ("$self->{directory}/mail/new",
	    "$self->{directory}/mail/Maildir/new") {
		push @found, map { slurp($_) } sort glob "$folder/*";
	}
	return @found;
}

sub wait_count {
	my ($self, $count, $seconds) = @_;
	return wait_until($seconds // 20,
	    sub { scalar($self->messages) >= $count });
}

my $trace = qr/(?:Return-[Pp]ath|X-Original-To|Delivered-To|Received|
    Envelope-to|Delivery-date):/x;

# Without the trace header fields on top.
sub without_trace {
	my ($message) = @_;
	$message =~ s/\A(?:$trace[^\n]*\n(?:[ \t][^\n]*\n)*)+//;
	return $message;
}

# ---- Postfix ----

# name, type, private, unprivileged, wake-up, most processes, program
my @postfix_services = (
	[qw(cleanup unix n - - 0)], [qw(qmgr unix n - 300 1)],
	[qw(tlsmgr unix - - 1000? 1)], [qw(rewrite unix - - - -
	trivial-rewrite)], [qw(bounce unix - - - 0)],
	[qw(defer unix - - - 0 bounce)], [qw(trace unix - - - 0 bounce)],
	[qw(virtual unix - n - -)], [qw(error unix - - - -)],
	[qw(retry unix - - - - error)], [qw(proxymap unix - - - -)],
	[qw(anvil unix - - - 1)], [qw(scache unix - - - 1)],
	[qw(postlog unix-dgram n - - 1 postlogd)],
);

sub prepare_postfix {
	my ($self) = @_;
	my ($d, $root) = @{$self}{qw(directory root)};
	my @postfix = ($self->id_of('postfix'), $self->id_of('postfix',
	    'group'));
	for (qw(active bounce corrupt defer deferred flush hold incoming
	    private saved trace)) {
		mkdir "$d/spool/$_", 0700;
		chown @postfix, "$d/spool/$_";
	}
	mkdir "$d/spool/pid", 0755;
	for ('maildrop', 'public') {
		mkdir "$d/spool/$_";
		chown $postfix[0], $self->id_of('postdrop', 'group'),
		    "$d/spool/$_";
		chmod 0730, "$d/spool/$_";
	}
	chown @postfix, "$d/data";
	my $master = "127.0.0.1:$self->{port} inet n - n - - smtpd\n";
	for (@postfix_services) {
		my ($name, $type, $private, $rights, $wake, $most,
		    $program) = @$_;
		$master .= join(' ', $name, $type, $private, $rights, 'n',
		    $wake, $most, $program // $name) . "\n";
	}
	$self->write_file('etc/master.cf', $master);
	$self->write_file('etc/main.cf', $self->postfix_settings);
	return ([], tree_program($root, 'usr/lib/postfix/sbin/master', '-c',
	    "$d/etc", '-d'));
}

sub postfix_settings {
	my ($self) = @_;
	my ($d, $root) = @{$self}{qw(directory root)};
	my $level = $self->{tls} ? 'may' : 'none';
	my $text = <<"END";
compatibility_level = 3.6
config_directory = $d/etc
meta_directory = $d/etc
queue_directory = $d/spool
data_directory = $d/data
daemon_directory = $root/usr/lib/postfix/sbin
command_directory = $root/usr/sbin
shlib_directory = $root/usr/lib/postfix
import_environment = MAIL_CONFIG MAIL_LOGTAG POSTLOG_SERVICE
    POSTLOG_HOSTNAME LD_LIBRARY_PATH
maillog_file = $d/log/maillog
maillog_file_prefixes = $d/log
myhostname = postfix.test
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
local_header_rewrite_clients =
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:mail/
virtual_mailbox_base = $d
virtual_mailbox_limit = 0
virtual_minimum_uid = 100
virtual_uid_maps = static:$keeper
virtual_gid_maps = static:$keeper
message_size_limit = 104857600
in_flow_delay = 0
default_process_limit = 20
smtputf8_enable = yes
smtpd_tls_security_level = $level
smtpd_tls_session_cache_database =
END
	$text .= "smtpd_tls_cert_file = $d/etc/cert.pem\n" .
	    "smtpd_tls_key_file = $d/etc/key.pem\n" .
	    "smtpd_tls_received_header = yes\n" if $self->{tls};
	return $text;
}

# ---- OpenSMTPD: its paths are compiled in ----

sub prepare_opensmtpd {
	my ($self) = @_;
	my ($d, $root) = @{$self}{qw(directory root)};
	make_path("$d/spool/smtpd", "$d/lib/opensmtpd/empty", "$d/run");
	chmod 0711, "$d/spool/smtpd";
	my $tls = '';
	my $text = '';
	if ($self->{tls}) {
		$text = "pki opensmtpd.test cert \"$d/etc/cert.pem\"\n" .
		    "pki opensmtpd.test key \"$d/etc/key.pem\"\n";
		$tls = ' tls pki opensmtpd.test';
	}
	$self->write_file('etc/smtpd.conf', <<"END", 0600);
${text}smtp max-message-size 100M
table keepers { "@" = "nobody" }
listen on 127.0.0.1 port $self->{port}$tls hostname opensmtpd.test no-dsn
action "keep" maildir "$d/mail" virtual <keepers>
match from any for any action "keep"
END
	return ([["$d/spool", '/var/spool'], ["$d/lib", '/var/lib'],
	    ["$d/run", '/run'], ["$root/usr/libexec", '/usr/libexec']],
	    tree_program($root, 'usr/sbin/smtpd', '-d', '-f',
	    "$d/etc/smtpd.conf"));
}

# ---- Exim ----

sub prepare_exim {
	my ($self) = @_;
	my ($d, $root) = @{$self}{qw(directory root)};
	chown $self->id_of('Debian-exim'), $self->id_of('Debian-exim',
	    'group'), map { "$d/$_" } qw(spool log mail);
	my $tls = $self->{tls} ? "tls_advertise_hosts = *\n" .
	    "tls_certificate = $d/etc/cert.pem\n" .
	    "tls_privatekey = $d/etc/exim.key\n" : "tls_advertise_hosts =\n";
	if ($self->{tls}) {
		$self->write_file('etc/exim.key', slurp("$d/etc/key.pem"),
		    0600);
		chown $self->id_of('Debian-exim'), 0, "$d/etc/exim.key";
	}
	$self->write_file('etc/exim.conf', <<"END");
exim_user = Debian-exim
exim_group = Debian-exim
primary_hostname = exim.test
spool_directory = $d/spool
log_file_path = $d/log/%slog
pid_file_path = $d/spool/exim.pid
daemon_smtp_ports = $self->{port}
local_interfaces = 127.0.0.1
host_lookup =
rfc1413_query_timeout = 0s
message_size_limit = 100M
smtp_accept_queue_per_connection = 0
smtputf8_advertise_hosts = *
acl_smtp_rcpt = acl_any
acl_smtp_data = acl_any
never_users =
keep_environment = LD_LIBRARY_PATH
exim_path = $root/usr/sbin/exim4
deliver_drop_privilege = true
${tls}begin acl
acl_any:
  accept
begin routers
keep:
  driver = accept
  transport = keep
begin transports
keep:
  driver = appendfile
  directory = $d/mail
  maildir_format
  create_directory
begin retry
* * F,2h,15m
END
	return ([], tree_program($root, 'usr/sbin/exim4', '-C',
	    "$d/etc/exim.conf", '-bdf', '-q1m'));
}

1;
