package Postern::Web;
# Tests in Chromium: node programs that print TAP.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);

my $tree = abs_path(dirname(__FILE__) . '/../../..');
my $modules = "$tree/build/npm/node_modules";

# Why there can be none here, or nothing.
sub missing {
	return 'a sanitizer has nothing to look at in a browser'
	    if ($ENV{POSTERN_LANE} // '') eq 'sanitize';
	for my $program (qw(node chromium)) {
		return "$program is not installed"
		    unless grep { -x "$_/$program" } split /:/, $ENV{PATH};
	}
	for my $module (qw(playwright-core axe-core)) {
		return "$module is not in build/npm"
		    unless -d "$modules/$module";
	}
	return;
}

# Run t/web/NAME with these arguments; its TAP is ours.  True if it passed.
sub run {
	my ($name, @arguments) = @_;
	local $ENV{NODE_PATH} = $modules;
	return system('node', "$tree/t/web/$name", @arguments) == 0;
}

1;
