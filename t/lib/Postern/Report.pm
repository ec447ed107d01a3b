package Postern::Report;
# Reads a delivery status notification strictly (RFC 6522, RFC 3464): dies
# of anything that is not as it should be.
use strict;
use warnings;

# A header section as [name, value unfolded] pairs.
sub fields_of {
	my ($text) = @_;
	my @fields;
	$text .= "\r\n" unless $text =~ /\r\n\z/ || $text eq '';
	while ($text =~ /\G([^\r\n]*)\r\n/gc) {
		my $line = $1;
		if ($line =~ s/^[ \t]+/ /) {
			die "a continuation of nothing: $line" unless @fields;
			$fields[-1][1] .= $line;
		} elsif ($line =~ /^([!-9;-~]+):[ \t]?(.*)$/) {
			push @fields, [$1, $2];
		} else {
			die "no header field: $line";
		}
	}
	die 'a line without its end' if pos($text) // 0 < length $text and
	    substr($text, pos($text) // 0) ne '';
	return \@fields;
}

# The one value of a field, or nothing.
sub value {
	my ($fields, $name) = @_;
	my @found = map { $_->[1] } grep { lc $_->[0] eq lc $name } @$fields;
	die "$name comes @{[ scalar @found ]} times" if @found > 1;
	return $found[0];
}

sub part_of {
	my ($text) = @_;
	my ($head, $body) = $text =~ /\A(.*?\r\n)\r\n(.*)\z/s ? ($1, $2) :
	    die 'a part without an empty line';
	my $fields = fields_of($head);
	my ($type) = (value($fields, 'Content-Type') // 'text/plain') =~
	    /^\s*([\w.\/-]+)/;
	return { fields => $fields, type => lc $type, body => $body };
}

# parse(bytes as the next hop got them, without the gateway's trace field):
#   fields, text, report (fields of the message), recipients (a list of
#   fields), original { type, body }
sub parse {
	my ($message) = @_;
	die 'a bare CR or LF' if $message =~ /\r(?!\n)|(?<!\r)\n/;
	for my $line (split /\r\n/, $message) {
		die 'a line of ' . length $line if length $line > 998;
	}
	my $whole = part_of($message);
	my $type = value($whole->{fields}, 'Content-Type');
	die "type $type" unless $type =~ m{^\s*multipart/report;}i &&
	    $type =~ /report-type=delivery-status/i;
	my ($boundary) = $type =~ /boundary="([^"]+)"/ or die 'no boundary';
	my $mark = "\r\n--$boundary";
	my @pieces = split /\Q$mark\E(?=--|\r\n)/, "\r\n$whole->{body}", -1;
	die 'no end' unless @pieces && pop(@pieces) =~ /^--(?:\r\n|\z)/;
	shift @pieces;
	die @pieces . ' parts' unless @pieces == 3;
	my @parts = map { part_of(s/\A\r\n//r) } @pieces;
	die "first part $parts[0]{type}" unless $parts[0]{type} eq
	    'text/plain';
	die "second part $parts[1]{type}" unless $parts[1]{type} =~
	    m{^message/(?:global-)?delivery-status$};
	die "third part $parts[2]{type}" unless $parts[2]{type} =~
	    m{^(?:message/(?:rfc822|global|global-headers)|
	    text/rfc822-headers)$}x;
	my @groups = map { fields_of($_) } grep { $_ ne '' }
	    split /\r\n\r\n/, $parts[1]{body};
	my $report = shift @groups;
	check_report($report, @groups);
	return { fields => $whole->{fields}, text => $parts[0]{body},
	    report => $report, recipients => \@groups,
	    original => $parts[2], status_type => $parts[1]{type} };
}

# RFC 3464 2.2 and 2.3: what must be there, and its form.
sub check_report {
	my ($report, @recipients) = @_;
	die 'no Reporting-MTA' unless (value($report, 'Reporting-MTA') // '')
	    =~ /^dns;\s*\S+$/;
	die 'no recipient' unless @recipients;
	for my $fields (@recipients) {
		die 'no Final-Recipient' unless
		    (value($fields, 'Final-Recipient') // '') =~
		    /^(?:rfc822|utf-8);\s*\S/;
		my $action = value($fields, 'Action') // '';
		die "Action $action" unless $action =~
		    /^(?:failed|delayed|delivered|relayed|expanded)$/;
		my $status = value($fields, 'Status') // '';
		die "Status $status" unless
		    $status =~ /^[245]\.\d{1,3}\.\d{1,3}$/;
		die "Status $status of $action"
		    if $action eq 'failed' && $status !~ /^[45]/ ||
		    $action eq 'delayed' && $status !~ /^4/ ||
		    $action eq 'relayed' && $status !~ /^2/;
		my $code = value($fields, 'Diagnostic-Code');
		die "Diagnostic-Code $code" if defined $code &&
		    $code !~ /^[\w-]+;\s*[ -~\x80-\xff]*$/;
	}
	return;
}

# The notifications that a sink or hop has kept, parsed.
sub all_of {
	my ($place) = @_;
	my @reports;
	for my $message ($place->messages) {
		(my $data = $message->{data}) =~
		    s/\AReceived:[^\r]*\r\n(?:[ \t][^\r]*\r\n)*//;
		next unless $data =~ m{^Content-Type: multipart/report}m;
		push @reports, { %{ parse($data) }, envelope => $message };
	}
	return @reports;
}

1;
