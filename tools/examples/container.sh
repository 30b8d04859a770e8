#!/usr/bin/env bash
# The container image. No engine is needed: the trees are laid out as the Dockerfile's COPY lines say, and AWS's own
# runtime client calls the handler in them under AWS's emulator.
. "${here:?run.sh starts this}/common.sh"
unshare --mount true 2>/dev/null || skip "no folder can be mounted on /var/task here (that takes root)"
emulator=$("$tools/corpus/emulator.sh") || skip "the emulator could not be installed"
read -ra emulator <<<"$emulator"

# lay_out ROOT : what COPY puts where, and nothing else: `COPY FOLDER/ FOLDER/` copies what is in the first.
lay_out() {
  local copied=0 word from to
  while read -r word from to; do
    [ "$word" = COPY ] || continue
    to=${to/#\$\{LAMBDA_TASK_ROOT\}//var/task}
    if [[ $from != */ || $to != /*/ || $to == *'$'* ]]; then fail "COPY $from $to: not understood"; fi
    mkdir -p "$1$to"
    cp -r "$from." "$1$to"
    copied=$((copied + 1))
  done <Dockerfile
  equal "COPY lines" "$copied" 2
}
keep_wheels

say "make, and the image's folders"
make build
proof dist/report.json 1
lay_out ../image
equal "what the image has" "$(find ../image/opt ../image/var/task -mindepth 1 -maxdepth 1 -printf '%f ')" "python app.py "
handler=$(sed -n 's/^CMD \["\(.*\)"\]$/\1/p' Dockerfile)

say "the handler of CMD under AWS's emulator"
slim verify ../image/var/task ../image/opt --handler "$handler" --event event.json "${emulator[@]}"

say "the same answer as from what pip installed"
mkdir ../nothing
answer=$("$tools/lambda-run" ../image/var/task ../image/opt "$here/invoke.py" "$handler" "$PWD/event.json")
equal "answer" "$answer" "$("$tools/lambda-run" build/package ../nothing "$here/invoke.py" "$handler" "$PWD/event.json")"
equal "size of the picture" "$(jq -r '.headers."X-After"' <<<"$answer")" 64x40

say "what COPY hashes, after a build from nothing"
mv dist ../first
rm -rf build ../cache
make build
same_trees "the function" dist/function ../first/function
same_trees "the layer" dist/layer ../first/layer

say "after an edit"
edit
make build
same_trees "the layer" dist/layer ../first/layer
if cmp dist/function/app.py ../first/function/app.py; then fail "the edit does not ship"; fi

# The wheel that the emulator is from, and the client's own version.
wheel=$(grep -o 'aws-sam-cli==[0-9.]*' "$tools/corpus/emulator.sh")
client=$(basename "${emulator[3]}"/awslambdaric-*.dist-info .dist-info)
proven "Runtime Interface Emulator (of aws-sam-cli), awslambdaric" "${wheel#*==}, ${client#*-}" \
  "trees laid out as the \`COPY\` lines say: AWS's runtime client calls the handler of \`CMD\` in them, which answers as before; a build from nothing gives the same trees, an edit leaves that of \`/opt\` as it was"
