# $1 an empty folder of ours, $2 the function's folder, $3 the layers' folder, $4 where Python is
# installed, $5 a folder of distributions that the runtime has, or nothing; then the command. Runs in
# mount and process namespaces of its own.
set -eu
stage=$1 task=$2 layer=$3 prefix=$4 runtime=$5
shift 5
# Also where the package is a mount of its own, no path to it may be written.
for folder in "$task" "$layer"; do
  mount --bind "$folder" "$folder"
  mount -o remount,bind,ro "$folder"
done
mount -t tmpfs none "$stage"
# From here on paths below it are relative: its own may come to be hidden.
cd "$stage"
hidden="var opt tmp"
for place in home root srv mnt media; do
  if [ -d "/$place" ]; then hidden="$hidden $place"; fi
done
for place in $hidden; do
  mkdir "$place"
  mount -t tmpfs none "$place"
  # What would be hidden with the host's folder.
  case $prefix in
    "/$place/"*)
      mkdir -p ".$prefix"
      mount --bind "$prefix" ".$prefix" ;;
  esac
done
# Where an entry has a name of Python's own folder there is no room for both.
bind() {
  [ ! -e "$2" ] || exit 97
  if [ -d "$1" ]; then mkdir "$2"; else : >"$2"; fi
  mount --bind "$1" "$2"
  mount -o remount,bind,ro "$2"
}
bind "$task" var/task
if [ -n "$runtime" ]; then bind "$runtime" var/runtime; fi
for entry in "$layer"/* "$layer"/.[!.]*; do
  if [ -e "$entry" ]; then bind "$entry" "opt/${entry##*/}"; fi
done
mount -o remount,ro opt
# What the host has and Lambda has not.
for folder in /usr/share/zoneinfo /usr/share/fonts /usr/local/share/fonts /usr/share/mime /usr/share/ca-certificates /etc/ssl/certs; do
  if [ -d "$folder" ]; then mount -t tmpfs -o ro none "$folder"; fi
done
if [ -f /etc/mime.types ]; then mount --bind /dev/null /etc/mime.types; fi
for place in $hidden; do mount --rbind "$place" "/$place"; done
# Whatever path leads to the input, it is not written.
mount -o remount,bind,ro /
cd /var/task
# Not with exec: the first process of a namespace takes no signal, not even its own.
code=0
"$@" || code=$?
exit "$code"
