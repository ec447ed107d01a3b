package Postern::Browser;
# A browser without script: pages, forms, cookies, redirections, over TLS
# with verification or in clear.
use strict;
use warnings;
use IO::Socket::INET;

# new(url => 'https://127.0.0.1:4443', [ca => file], [name => host],
#     [keep => 1])
#   name: the host of Host and of the certificate, where url has an address
#   keep: use a connection for many requests
sub new {
	my ($class, %o) = @_;
	my $self = bless { cookies => {}, %o }, $class;
	@$self{qw(scheme host port)} = $o{url} =~
	    m{^(https?)://([^:/]+)(?::(\d+))?$} or die "url $o{url}";
	$self->{port} //= $self->{scheme} eq 'https' ? 443 : 80;
	$self->{name} //= $self->{host};
	return $self;
}

sub connect_to {
	my ($self) = @_;
	my @where = (PeerAddr => $self->{address} // $self->{host},
	    PeerPort => $self->{port}, Timeout => 20);
	return IO::Socket::INET->new(@where, Proto => 'tcp')
	    if $self->{scheme} eq 'http';
	require IO::Socket::SSL;
	return IO::Socket::SSL->new(@where, SSL_ca_file => $self->{ca},
	    SSL_hostname => $self->{name},
	    SSL_verifycn_name => $self->{name},
	    SSL_verifycn_scheme => 'http');
}

sub read_whole {
	my ($socket) = @_;
	local $/;
	return <$socket> // '';
}

# An answer by its length, for a connection that goes on.
sub read_kept {
	my ($self, $socket) = @_;
	my $head = '';
	while (defined(my $line = <$socket>)) {
		$head .= $line;
		last if $line eq "\r\n";
	}
	my ($length) = $head =~ /^Content-Length: (\d+)\r$/mi;
	my $body = '';
	while (length $body < ($length // 0)) {
		read $socket, $body, $length - length $body, length $body or
		    last;
	}
	$self->{socket} = $socket
	    unless $head eq '' || $head =~ /^Connection: close\r$/mi;
	return $head . $body;
}

# One request; { status, fields => { lower case name => value }, body }.
sub request {
	my ($self, $method, $path, %o) = @_;
	my $socket = delete $self->{socket} // $self->connect_to or
	    die "cannot connect to $self->{url}: $! " .
	    ($IO::Socket::SSL::SSL_ERROR // '');
	my $body = $o{body} // '';
	my @fields = ("Host: $self->{name}:$self->{port}");
	push @fields, 'Connection: close' unless $self->{keep};
	push @fields, 'Cookie: ' . join '; ', map {
		"$_=$self->{cookies}{$_}" } sort keys %{ $self->{cookies} }
	    if %{ $self->{cookies} };
	push @fields, "Content-Type: $o{type}" if $o{type};
	push @fields, 'Content-Length: ' . length $body
	    if $method eq 'POST';
	push @fields, @{ $o{fields} // [] };
	my $text = join "\r\n", "$method $path HTTP/1.1", @fields, '', '';
	local $SIG{PIPE} = 'IGNORE';
	print {$socket} $text, $body;
	return $self->read_answer($self->{keep} ?
	    $self->read_kept($socket) : read_whole($socket));
}

sub read_answer {
	my ($self, $answer) = @_;
	my ($head, $body) = split /\r\n\r\n/, $answer, 2;
	my ($status, @lines) = split /\r\n/, $head // '';
	my %result = (body => $body // '', fields => {}, head => $head,
	    status => ($status // '') =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0);
	for my $line (@lines) {
		my ($name, $value) = $line =~ /^([^:]+):\s*(.*)$/ or next;
		$result{fields}{lc $name} = $value;
		$self->{cookies}{$1} = $2 if lc $name eq 'set-cookie' &&
		    $value =~ /^([^=]+)=([^;]*)/;
		delete $self->{cookies}{$1} if lc $name eq 'set-cookie' &&
		    $value =~ /^([^=]+)=.*Max-Age=0\b/i;
	}
	return $self->{page} = \%result;
}

# The same, following redirections within the site.
sub open_page {
	my ($self, $method, $path, %o) = @_;
	my $page = $self->request($method, $path, %o);
	for (1 .. 5) {
		last unless $page->{status} =~ /^30[1237]$/;
		my $to = $page->{fields}{location} // last;
		$to =~ s{^https?://[^/]+}{};
		$page = $self->request('GET', $to);
		$self->{path} = $to;
	}
	return $page;
}

sub get { my ($self, $path) = @_; return $self->open_page('GET', $path) }

sub unescape {
	my ($text) = @_;
	my %entity = (amp => '&', lt => '<', gt => '>', quot => '"');
	$text =~ s/&#(\d+);/chr $1/ge;
	$text =~ s/&#x([0-9a-f]+);/chr hex $1/gie;
	$text =~ s/&(\w+);/$entity{$1} \/\/ "&$1;"/ge;
	return $text;
}

sub attributes {
	my ($tag) = @_;
	my %found;
	while ($tag =~ /\b([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g) {
		$found{lc $1} = unescape($2 // $3 // $4 // '');
	}
	return %found;
}

# The forms of a page: { action, method, enctype, fields => {}, html }.
sub forms {
	my ($self, $html) = @_;
	$html //= $self->{page}{body};
	my @forms;
	while ($html =~ m{<form\b([^>]*)>(.*?)</form>}gis) {
		my ($inside, %form) = ($2, attributes($1));
		$form{fields} = {};
		$form{html} = $inside;
		while ($inside =~ m{<(input|button)\b([^>]*)>}gi) {
			my %input = attributes($2);
			next unless defined $input{name};
			next if ($input{type} // '') =~ /^(?:radio|checkbox)$/
			    && !exists $input{checked};
			$form{fields}{ $input{name} } = $input{value} // '';
		}
		while ($inside =~ m{<textarea\b([^>]*)>(.*?)</textarea>}gis) {
			my ($text, %area) = ($2, attributes($1));
			$text =~ s/\A\r?\n//;
			$form{fields}{ $area{name} } = unescape($text)
			    if defined $area{name};
		}
		push @forms, \%form;
	}
	return @forms;
}

# The first form whose action matches.
sub form {
	my ($self, $action, $html) = @_;
	my ($form) = grep { ($_->{action} // '') =~ $action }
	    $self->forms($html);
	return $form;
}

sub escape_field {
	my ($text) = @_;
	$text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
	return $text;
}

# Send a form with these fields changed.
sub submit {
	my ($self, $form, %change) = @_;
	my %fields = (%{ $form->{fields} }, %change);
	my $path = $form->{action} // $self->{path};
	$path =~ s{^https?://[^/]+}{};
	return $self->post_multipart($path, map { [$_, $fields{$_}] }
	    $self->field_order($form, %fields))
	    if ($form->{enctype} // '') =~ /multipart/;
	my $body = join '&', map { escape_field($_) . '=' .
	    escape_field($fields{$_}) } sort keys %fields;
	return $self->open_page('POST', $path, body => $body,
	    type => 'application/x-www-form-urlencoded',
	    fields => $self->{post_fields});
}

# As they stand in the page: a browser sends them so.
sub field_order {
	my ($self, $form, %fields) = @_;
	my %place = map { $_ => $form->{html} =~ /name="?\Q$_\E"?/ ?
	    $-[0] : 1e9 } keys %fields;
	return sort { $place{$a} <=> $place{$b} || $a cmp $b } keys %fields;
}

# multipart/form-data: [name, value, [file name]], ...
sub post_multipart {
	my ($self, $path, @parts) = @_;
	my $boundary = 'browser' . join '', map { int rand 10 } 1 .. 24;
	my $body = '';
	for my $part (@parts) {
		my ($name, $value, $file) = @$part;
		$body .= "--$boundary\r\nContent-Disposition: form-data; " .
		    "name=\"$name\"" . (defined $file ?
		    "; filename=\"$file\"\r\nContent-Type: text/html" : '') .
		    "\r\n\r\n$value\r\n";
	}
	return $self->open_page('POST', $path, body => "$body--$boundary--\r\n",
	    type => "multipart/form-data; boundary=$boundary",
	    fields => $self->{post_fields});
}

1;
