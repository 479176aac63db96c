"""Word lists for slot values. Kept apart from the code because they only grow."""


def _split(text):
    return text.split()


NAMES = _split("""
report notes backup config main data test tests src build logs photos music videos docs project index readme todo draft final invoice budget
summary users sales orders customers products inventory payroll results output input sample example template archive old new temp cache
session server client app api web site blog home page style script setup install deploy release version update patch fix feature
login auth token key secret cert password account profile image picture photo avatar icon logo banner video audio song album track
movie clip book chapter paper thesis essay letter resume contract recipe menu schedule calendar event meeting agenda minutes memo
plan roadmap design sketch model schema database table query export import dump snapshot mirror copy clone branch merge commit
access error debug trace metrics stats monitor alert health status system kernel module driver plugin theme widget component
utils helper common shared core base lib vendor assets static public private internal external local remote global default custom
january march april june july august october december monday friday summer winter spring holiday vacation trip travel paris berlin tokyo
alpha beta gamma delta omega apollo mercury venus saturn phoenix falcon tiger eagle panda zebra dragon wizard robot rocket planet galaxy
red green blue black white silver golden orange purple north south east west left right top bottom first last daily weekly monthly yearly
student teacher course lesson homework exam grade school college lab research survey experiment analysis plot chart graph matrix vector
train valid eval dataset corpus weights checkpoint batch sample features labels pipeline stage worker queue job task cron timer event
bank tax loan rent bill receipt payment expense income salary quote offer order shipment package label address contact list family
garden kitchen house car bike dog cat bird fish tree flower river mountain ocean beach island forest desert snow rain storm
mydata myapp mysite foo bar baz hello world demo hack toy play scratch misc stuff things junk trash downloads uploads documents desktop
frontend backend gateway proxy router firewall network dns mail smtp chat forum wiki shop store cart checkout billing search crawler scraper
parser lexer compiler interpreter engine renderer shader mesh texture sprite level player enemy weapon score world map grid cell node edge
""")
EXTENSIONS = _split("""txt txt txt pdf pdf csv csv json json log log md py py js html css xml yaml yml sh c h cpp java go rs rb php ts sql
jpg jpg png png gif svg mp3 mp4 mkv avi wav flac zip tar gz bak tmp conf ini cfg toml doc docx xlsx pptx odt tex bib iso img db sqlite bin
out dat old orig lock env swp o so jar class pem key crt epub psd webp heic mov tsv lua pl r ipynb""")
SYSTEM_DIRS = _split("""/var/log /etc /tmp /usr/bin /usr/local/bin /opt /home /var/www /usr/share /var/lib /srv /mnt /media /root /boot
/usr/lib /var/tmp /var/cache /etc/nginx /etc/ssh /var/spool /usr/local /proc /dev""")
HOME_DIRS = _split("~/Documents ~/Downloads ~/Pictures ~/Desktop ~/Music ~/Videos ~/.config ~/.ssh ~/bin ~/projects ~/src ~/.cache ~ ~/backup")
ROOTS = _split("/var/log /etc /tmp /home /opt /srv /var/www /mnt /usr/local /var/lib /media /data /backup /home/ada /home/bob /usr/share")
BARE_FILES = _split("Makefile Dockerfile LICENSE README TODO CHANGELOG .bashrc .gitignore .env .profile .vimrc Cargo.toml package.json "
                    "requirements.txt docker-compose.yml index.html main.py nohup.out id_rsa.pub")
SYSTEM_FILES = _split("/etc/hosts /etc/passwd /etc/fstab /var/log/syslog /var/log/auth.log /etc/ssh/sshd_config ~/.bashrc ~/.ssh/id_rsa "
                      "/etc/nginx/nginx.conf /var/log/nginx/access.log /etc/resolv.conf /etc/group ~/.ssh/config /proc/cpuinfo "
                      "/var/log/kern.log /etc/hostname /etc/crontab /var/log/dpkg.log")
NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten", 12: "twelve",
           15: "fifteen", 20: "twenty", 30: "thirty", 50: "fifty", 100: "hundred", 1000: "thousand"}
ORDINALS = _split("first second third fourth fifth sixth seventh eighth ninth tenth")
SIZE_UNITS = [("M", ["MB", "MB", "M", "mb", "megabytes", "megs", "Mb"]), ("M", ["MB", "M", "megabytes"]), ("G", ["GB", "GB", "G", "gb", "gigabytes", "gigs"]),
              ("k", ["KB", "kB", "k", "K", "kb", "kilobytes"])]
TIME_UNITS = [("s", ["s", "seconds", "sec", "secs"]), ("m", ["m", "minutes", "min", "mins"]), ("h", ["h", "hours", "hours"])]
PORTS = _split("80 443 8080 22 3000 5432 3306 8000 5000 6379 27017 9000 8443 25 53 21 4000 8888 9090 5173")
LANGUAGES = [("python", "py"), ("Python", "py"), ("python", "py"), ("javascript", "js"), ("JavaScript", "js"), ("js", "js"), ("C", "c"), ("c", "c"),
             ("C++", "cpp"), ("c++", "cpp"), ("java", "java"), ("Java", "java"), ("markdown", "md"), ("text", "txt"), ("log", "log"), ("yaml", "yaml"), ("shell", "sh"),
             ("bash", "sh"), ("go", "go"), ("rust", "rs"), ("ruby", "rb"), ("php", "php"), ("perl", "pl"), ("typescript", "ts"), ("html", "html"), ("css", "css"),
             ("json", "json"), ("xml", "xml"), ("sql", "sql"), ("lua", "lua"), ("csv", "csv"), ("pdf", "pdf")]
SEARCHED = _split("""error TODO warning failed password FIXME timeout exception root localhost main import debug fatal null undefined 404 500
denied refused token secret port admin listen server user deprecated segfault panic critical retry success GET POST http return class
connection memory disk kernel usb login invalid missing hello foo bar version include define license copyright""")
PROSE = _split("""the a new old for in of to and with on from at by my your this that first second better wrong broken missing connection refused
parser test file button page login crash memory leak typo bug user database cache server link header image error message option flag
value list name time date number line input output default support code docs guide example release notes not found permission denied
no such is was has too many slow fast small big hello world good morning thanks everyone all some more less""")
VERBS = _split("fix add remove update improve refactor rename clean handle support use make move rewrite document bump revert Fix Add Update wip initial")
USERS = _split("ada bob alice root www-data ubuntu admin john mary dave carol eve frank grace heidi ivan judy mallory nina oscar peggy trent victor "
               "walter guest deploy postgres mysql nginx git jenkins backup test pi anna max lisa tom peter paul lena omar wei yuki raj")
GROUPS = _split("staff sudo docker www-data users wheel admin developers dev audio video adm games backup ops team editors students research")
SITES = _split("example github google wikipedia debian ubuntu python kernel archive gitlab mozilla cloudflare amazon openai stackoverflow reddit")
TOPS = _split("com com com org net io dev de co.uk fr info app edu")
IFACES = _split("eth0 eth1 wlan0 lo enp3s0 ens33 wlp2s0 docker0 tun0 br0 enp0s3 ens18 bond0 wg0")
PROCESSES = _split("firefox nginx chrome python3 node java htop postgres mysqld redis-server sshd vim emacs code slack spotify gnome-shell Xorg "
                   "docker apache2 ffmpeg python php-fpm gunicorn celery zoom vlc steam thunderbird gimp bash tmux")
SERVICES = _split("nginx ssh docker apache2 postgresql mysql cron redis sshd NetworkManager bluetooth mariadb ufw fail2ban systemd-resolved "
                  "rsyslog cups php-fpm mongod grafana-server prometheus haproxy named samba httpd firewalld")
PACKAGES = _split("htop git curl vim nginx tmux docker.io python3-pip nodejs ffmpeg imagemagick jq tree build-essential cmake zsh wget emacs gimp "
                  "vlc neofetch ripgrep fzf postgresql redis net-tools gcc make golang openjdk-17-jdk texlive libssl-dev unzip rsync sqlite3 nano")
BRANCHES = _split("main master develop dev staging production release gh-pages next stable hotfix feature trunk experimental")
CONTAINERS = _split("web db redis nginx app api postgres worker proxy mysql cache frontend backend grafana mongo rabbitmq")
IMAGES = _split("nginx redis postgres ubuntu debian alpine python node mysql mongo busybox httpd golang php grafana/grafana rabbitmq hello-world")
VARIABLES = _split("PATH HOME LANG EDITOR SHELL USER TERM DISPLAY DEBUG NODE_ENV JAVA_HOME PYTHONPATH DATABASE_URL API_KEY LC_ALL PS1 PORT TZ GOPATH "
                   "LD_LIBRARY_PATH HTTP_PROXY PWD VISUAL PAGER")
VALUES = _split("production development true false 1 0 vim nano en_US.UTF-8 staging localhost debug yes no on off less test")
MODES = _split("644 755 600 700 777 640 750 664 775 400 444 500 711 0644 0755 1777 660 770")
MONTHS = _split("January February March April May June July August September October November December")
ZONES = _split("UTC Europe/Berlin America/New_York Asia/Tokyo Europe/London America/Los_Angeles Asia/Kolkata Australia/Sydney Europe/Paris Asia/Shanghai "
               "America/Chicago America/Sao_Paulo Africa/Cairo Europe/Madrid Asia/Singapore Europe/Moscow Asia/Dubai America/Toronto Africa/Lagos Europe/Rome")
KEYS = _split("name id items user email title price total count data status version url type value description date tags address city author "
              "results length message error code path key config dependencies scripts license size color")
DELIMITERS = [("comma", ","), ("comma", ","), ("commas", ","), ('","', ","), ("semicolon", ";"), ("semicolons", ";"), ('";"', ";"), ("colon", ":"), ("colons", ":"), ('":"', ":"),
              ("pipe", "|"), ("pipes", "|"), ('"|"', "|"), ("'|'", "|"), ("','", ","), ("':'", ":"), ("dash", "-"), ("slash", "/"), ("underscore", "_"), ("'-'", "-")]
