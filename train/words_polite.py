"""Words people put around a request, and words that they use for each other."""
# The words of a line mean the same, or nearly, in any request to a shell.
SAME = """folder|directory|dir
folders|directories|dirs
subfolders|subdirectories|sub-folders
delete|remove|erase|get rid of
biggest|largest
smallest|tiniest
show|display|show me|give me
print|show|output|display
create|make
create a new|make a|make a new
display|show|print
modified|changed|edited
newest|latest|most recent
oldest|least recent
extract|unpack|decompress
current directory|current folder|this folder|this directory|working directory
in the current directory|here|in this folder|in here
named|called|with the name
containing|that contain|with
computer|machine|system
recursively|including subfolders|and below|also in subdirectories
how many|count how many|number of
bigger than|larger than|over|more than|greater than
smaller than|under|less than|below
sorted by|ordered by|in order of
process|program
running|active
start|launch
which|what
every|each
move|transfer|relocate
rename|change the name of
hidden files|dotfiles|dot files
duplicates|duplicate lines|repeated lines
lines|rows
column|field
list|show|enumerate|display
replace|substitute|swap
search for|look for|grep for|find
check|see|find out
download|fetch|grab
view|look at|see
matching|that match"""
SYNONYMS = {}
for _line in SAME.split("\n"):
    for _word in _line.split("|"):
        SYNONYMS.setdefault(_word, []).extend(w for w in _line.split("|") if w != _word)
PREFIXES = """please|can you|could you|hey|hi,|how do i|how to|how can i|i want to|i need to|i'd like to|command to|on linux|in bash|what's the command to
please can you|could you please|would you|help me|how would i|show me how to|give me the command to|the command to|linux command to|bash:|hello, please
what command will|i would like to|need to|want to|pls|kindly|quick:|tell me how to|is there a way to|whats the way to|let's|just|ok now|now|and now|then""".replace("\n", "|").split("|")
SUFFIXES = """please|thanks|thank you|pls|on linux|in bash|in the terminal|from the command line|with one command|in linux|for me|now|right now|please?|thx|if possible
on the command line|in the shell|using bash|on ubuntu|on debian|again""".replace("\n", "|").split("|")
CONTEXT_BEFORE = """i am on ubuntu,|quick question:|for a script:|i forgot how to|new to linux here,|on my server,|for my homework:|i'm in a terminal,
my boss asked me to|one more thing:|sorry,|as a beginner:|i'm trying to|in my shell,|ok so|so,|next step:|before i leave:|for cleanup,|on this machine""".replace("\n", "|").split("|")
CONTEXT_AFTER = """because the disk is full|i forgot the command|for a report|it's for a script|so i can check it|as i need it for work|, nothing else
, i forgot how|before the meeting|to see what is going on|, it is urgent|for debugging|without installing anything|in a simple way|if you can""".replace("\n", "|").split("|")
