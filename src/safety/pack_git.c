/* Git. Levels follow what can be got back: the index and branches through the reflog (moderate),
 * uncommitted work, refs on a server and the reflog itself not (high). */
#include <string.h>

#include "safety/judge.h"
#include "safety/packs.h"

/* The options of git itself, which may stand in front of the subcommand. */
#define GIT "git-dir= work-tree= namespace= exec-path=? config-env= super-prefix= attr-source= "
/* What every command that shows a diff understands. */
#define DIFF                                                                                    \
  "output= output-indicator-new= output-indicator-old= output-indicator-context= diff-filter= " \
  "word-diff-regex= inter-hunk-context= anchored= src-prefix= dst-prefix= line-prefix= skip= "  \
  "max-count= since= after= until= before= author= committer= grep= glob= format= date= "

static const cm_program programs[] = {
    {"bfg", NULL, "strip-blobs-bigger-than= delete-files= delete-folders= replace-text=", 0,
     CM_HIGH},
    {"git", "C:c:", GIT, 0, CM_MODERATE},
    {"git add|stage", NULL, "chmod= pathspec-from-file= dry-run", 0, CM_SAFE},
    {"git am",
     "C:p:S::", "whitespace= directory= exclude= include= patch-format= show-current-patch=?", 0,
     CM_MODERATE},
    {"git apply", "p:C:", "exclude= include= whitespace= directory= build-fake-ancestor=", 0,
     CM_MODERATE},
    {"git archive", "o:", "format= prefix= output= remote= exec= add-file= add-virtual-file=", 0,
     CM_SAFE},
    {"git bisect", NULL, "term-old= term-new= term-good= term-bad=", 0, CM_MODERATE},
    {"git bisect log|view|visualize|terms|help", NULL, NULL, 0, CM_SAFE},
    {"git branch", "u:t::",
     "set-upstream-to= contains= no-contains= merged=? no-merged=? points-at= sort= format= "
     "color=? column=? abbrev=? track=? delete force move copy list edit-description",
     0, CM_SAFE},
    {"git bundle", NULL, "version= all", 0, CM_SAFE},
    {"git cat-file|for-each-ref|rev-list|blame|annotate|cherry|describe|ls-remote|request-pull|"
     "show-branch|show-index|fsck|interpret-trailers",
     "L:", "format= sort= points-at= merged= contains= upload-pack= exec= in-place", 0, CM_SAFE},
    {"git check-attr|check-ignore|check-mailmap|check-ref-format|column|count-objects|diagnose|"
     "fmt-merge-msg|get-tar-commit-id|gui|hash-object|help|instaweb|ls-files|ls-tree|merge-base|"
     "merge-tree|mktree|name-rev|patch-id|rev-parse|show-ref|status|stripspace|unpack-file|var|"
     "verify-commit|verify-pack|verify-tag|version|write-tree",
     NULL, NULL, 0, CM_SAFE},
    {"git checkout", "b:B:", "orphan= conflict= pathspec-from-file= force ours theirs patch", 0,
     CM_MODERATE},
    {"git checkout-index", NULL, "prefix= stage= force all", 0, CM_MODERATE},
    {"git cherry-pick|revert",
     "m:X:s:S::", "mainline= strategy= strategy-option= cleanup= gpg-sign=?", 0, CM_MODERATE},
    {"git clean", "e:", "exclude= force dry-run interactive quiet", 0, CM_MODERATE},
    {"git clone", "o:b:u:c:j:",
     "origin= branch= upload-pack= reference= reference-if-able= template= depth= shallow-since= "
     "shallow-exclude= separate-git-dir= jobs= config= server-option= filter= bundle-uri= "
     "recurse-submodules=? ref-format= revision=",
     CM_PROGRAM_FETCHES, CM_SAFE},
    {"git commit", "m:F:C:c:t:S::u::",
     "message= file= author= date= reuse-message= reedit-message= fixup= squash= template= "
     "cleanup= trailer= pathspec-from-file= amend dry-run",
     0, CM_SAFE},
    {"git commit-graph|multi-pack-index|pack-objects|pack-refs|repack|maintenance|rerere", NULL,
     NULL, 0, CM_MODERATE},
    {"git commit-tree", "p:m:F:S::", NULL, 0, CM_SAFE},
    {"git config", "f:t:",
     "file= blob= type= default= value= comment= url= get= get-all= get-regexp= get-urlmatch= "
     "get-color= get-colorbool= global system local worktree list unset unset-all add replace-all "
     "rename-section remove-section edit name-only show-origin show-scope",
     0, CM_MODERATE},
    {"git credential fill", NULL, NULL, 0, CM_SAFE},
    {"git credential|credential-store|credential-cache", NULL, "file= socket= timeout=", 0,
     CM_MODERATE},
    {"git difftool|mergetool", "t:x:", "tool= extcmd=", 0, CM_SAFE},
    {"git diff|log|show|shortlog|whatchanged|range-diff|diff-tree|diff-files|diff-index",
     "n:S:G:L:O:", DIFF, 0, CM_SAFE},
    {"git fast-export|fetch-pack|send-pack", NULL, NULL, 0, CM_SAFE},
    {"git fetch", "j:o:",
     "upload-pack= depth= deepen= shallow-since= shallow-exclude= refmap= server-option= jobs= "
     "negotiation-tip= filter= recurse-submodules=? dry-run prune force all",
     CM_PROGRAM_FETCHES, CM_SAFE},
    {"git filter-branch", "d:",
     "setup= subdirectory-filter= env-filter= tree-filter= index-filter= parent-filter= "
     "msg-filter= commit-filter= tag-name-filter= original= state-branch=",
     0, CM_HIGH},
    {"git filter-repo", NULL, NULL, 0, CM_HIGH},
    {"git format-patch", "o:v:n::",
     DIFF
     "output-directory= subject-prefix= start-number= signature= in-reply-to= to= cc= suffix=",
     0, CM_SAFE},
    {"git gc", NULL, "prune=? aggressive auto force quiet", 0, CM_MODERATE},
    {"git grep", "e:f:A:B:C:m:O::", "open-files-in-pager=? max-depth= threads= max-count= and or",
     0, CM_SAFE},
    {"git init", "b:", "template= separate-git-dir= initial-branch= object-format= shared=?", 0,
     CM_SAFE},
    {"git lfs env|logs|ls-files|status|version|pointer|ext", NULL, NULL, 0, CM_SAFE},
    {"git lfs fetch|clone", "I:X:", "include= exclude=", CM_PROGRAM_FETCHES, CM_SAFE},
    {"git lfs migrate info", NULL, NULL, 0, CM_SAFE},
    {"git merge", "m:F:s:X:S::", "strategy= strategy-option= message= file= into-name= cleanup=",
     0, CM_MODERATE},
    {"git mv", NULL, "force dry-run verbose", 0, CM_MODERATE},
    {"git notes", "m:F:C:c:s:", "ref= message= file= strategy= dry-run", 0, CM_MODERATE},
    {"git notes list|show", NULL, NULL, 0, CM_SAFE},
    {"git prune", NULL, "expire= dry-run", 0, CM_HIGH},
    {"git pull", "s:X:j:o:S::r::",
     "rebase=? strategy= strategy-option= upload-pack= depth= jobs= server-option= dry-run",
     CM_PROGRAM_FETCHES, CM_MODERATE},
    {"git push", "o:",
     "repo= receive-pack= exec= push-option= recurse-submodules= force-with-lease=? signed=? all "
     "branches mirror tags prune force delete dry-run follow-tags atomic no-verify "
     "force-if-includes set-upstream porcelain",
     0, CM_MODERATE},
    {"git read-tree", NULL, "prefix= index-output= reset dry-run", 0, CM_MODERATE},
    {"git rebase", "s:X:x:C:S::",
     "onto= strategy= strategy-option= exec= whitespace= empty= rebase-merges=? keep-base root", 0,
     CM_MODERATE},
    {"git reflog", NULL, "expire= expire-unreachable= dry-run", 0, CM_SAFE},
    {"git remote", "t:m:", NULL, 0, CM_SAFE},
    {"git replace|symbolic-ref|update-ref|mktag", "m:", "stdin delete create-reflog", 0,
     CM_MODERATE},
    {"git reset", "U:", "pathspec-from-file= hard soft mixed merge keep patch", 0, CM_MODERATE},
    {"git restore", "s:U:",
     "source= conflict= pathspec-from-file= staged worktree patch ours theirs", 0, CM_MODERATE},
    {"git rm", NULL, "pathspec-from-file= force cached dry-run ignore-unmatch", 0, CM_MODERATE},
    {"git send-email|imap-send", NULL,
     "to= cc= bcc= from= subject= in-reply-to= smtp-server= smtp-user= smtp-pass= dry-run",
     CM_PROGRAM_SENDS, CM_MODERATE},
    {"git sparse-checkout list|check-rules", NULL, NULL, 0, CM_SAFE},
    {"git stash", "m:", "message= pathspec-from-file= include-untracked keep-index all patch", 0,
     CM_MODERATE},
    {"git stash list|show|create", NULL, NULL, 0, CM_SAFE},
    {"git submodule", "b:j:", "branch= reference= name= depth= jobs= force recursive init remote",
     0, CM_MODERATE},
    {"git submodule foreach", NULL, "recursive", CM_ARGV_STOP, CM_SAFE},
    {"git submodule status|summary", NULL, NULL, 0, CM_SAFE},
    {"git switch", "c:C:", "create= force-create= orphan= conflict= discard-changes force", 0,
     CM_MODERATE},
    {"git tag", "m:F:u:n::",
     "message= file= local-user= cleanup= contains= no-contains= merged=? no-merged=? points-at= "
     "sort= format= delete force list verify",
     0, CM_SAFE},
    {"git worktree", "b:B:", "reason= expire= force dry-run", 0, CM_MODERATE},
    {"git worktree list", NULL, NULL, 0, CM_SAFE},
    {"git-crypt", "k:", "key-name=", 0, CM_MODERATE},
    {"git-crypt status|help|version|keygen|export-key", "k:", "key-name=", 0, CM_SAFE},
    {"git-filter-repo", NULL, NULL, 0, CM_HIGH},
    {"gitk|tig|lazygit|gitui|git-gui|qgit", NULL, NULL, 0, CM_SAFE},
};

static const cm_rule rules[] = {
    {"git.help", "git|git-filter-repo|bfg -h|--help|--version", CM_FX_HARMLESS, "shows help"},
    {"git.help", "git !*", CM_FX_SAFE, "shows help"},
    {"git.dry-run",
     "git add|stage|push|rm|mv|clean|prune|remote|worktree|notes|read-tree|reflog "
     "-n|--dry-run !--no-dry-run",
     CM_FX_HARMLESS, "only says what it would do"},
    {"git.dry-run", "git fetch|pull|commit|send-email|lfs|svn|filter-repo --dry-run",
     CM_FX_HARMLESS, "only says what it would do"},
    {"git.dry-run", "git filter-repo --analyze", CM_FX_HARMLESS, "only reports"},
    {"git.dry-run", "git-filter-repo --dry-run|--analyze", CM_FX_HARMLESS, "only reports"},
    {"git.dry-run", "git apply --check|--stat|--numstat|--summary !--apply|--index|--3way",
     CM_FX_HARMLESS, "only looks at the patch"},

    /* The working tree. */
    {"git.reset-hard", "git reset --hard|--merge", CM_FX_HIGH, "throws uncommitted work away"},
    {"git.reset", "git reset !--hard|--merge", CM_FX_MODERATE,
     "moves the branch or empties the index"},
    {"git.clean", "git clean -f|--force", CM_FX_HIGH, "deletes files that were never committed"},
    {"git.discard", "git checkout -f|--force", CM_FX_HIGH, "throws uncommitted work away"},
    {"git.discard", "git switch -f|--force|--discard-changes", CM_FX_HIGH,
     "throws uncommitted work away"},
    {"git.discard", "git checkout-index -f|--force", CM_FX_HIGH,
     "overwrites files with the index"},
    {"git.discard", "git read-tree --reset -u", CM_FX_HIGH, "throws uncommitted work away"},
    {"git.discard", "git submodule update -f|--force", CM_FX_HIGH,
     "throws uncommitted work in submodules away"},
    {"git.discard", "git submodule deinit -f|--force", CM_FX_HIGH,
     "removes submodules with their uncommitted work"},
    {"git.discard", "git worktree remove -f|--force", CM_FX_HIGH,
     "removes a working tree with its uncommitted work"},
    {"git.discard", "git rm -f|--force !--cached", CM_FX_HIGH,
     "deletes files even where they have uncommitted changes"},
    {"git.discard", "git stash drop|clear", CM_FX_HIGH, "erases stashed work"},
    {"git.tree", "git restore -S|--staged !-W|--worktree", CM_FX_MODERATE, "empties the index"},
    {"git.tree", "git rm", CM_FX_MODERATE, "removes tracked files"},
    {"git.tree", "git mv", CM_FX_MODERATE, "renames tracked files"},
    {"git.tree", "git checkout !-b|--orphan", CM_FX_MODERATE, "changes the working tree"},
    {"git.tree", "git checkout -b|--orphan !-f|--force", CM_FX_SAFE, "starts a branch"},
    {"git.tree", "git switch !-c|--create|--orphan", CM_FX_MODERATE, "changes the working tree"},
    {"git.tree", "git switch -c|--create|--orphan", CM_FX_SAFE, "starts a branch"},
    {"git.tree", "git stash !list|show|create", CM_FX_MODERATE,
     "moves uncommitted work in or out of the stash"},
    {"git.tree",
     "git merge|rebase|pull|cherry-pick|revert|am|apply|bisect|submodule "
     "!log|view|visualize|terms|help|status|summary|foreach !--show-current-patch",
     CM_FX_MODERATE, "changes the branch or the working tree"},
    {"git.tree", "git subtree|checkout-index|read-tree|quiltimport|unbundle|flow", CM_FX_MODERATE,
     "changes the branch or the working tree"},
    {"git.tree", "git sparse-checkout !list", CM_FX_MODERATE, "changes the working tree"},
    {"git.tree", "git worktree add|lock|unlock", CM_FX_SAFE, "adds a working tree"},
    {"git.tree", "git worktree remove|move|prune|repair", CM_FX_MODERATE,
     "removes or moves a working tree"},

    /* Branches, tags, history. */
    {"git.branch-delete", "git branch -D", CM_FX_HIGH, "deletes branches, merged or not"},
    {"git.branch-delete", "git branch -d|--delete -f|--force", CM_FX_HIGH,
     "deletes branches, merged or not"},
    {"git.branch", "git branch -d|--delete|-m|--move|-M|-f|--force", CM_FX_MODERATE,
     "deletes, renames or moves a branch"},
    {"git.branch", "git branch -u|--set-upstream-to|--unset-upstream|--edit-description",
     CM_FX_MODERATE, "changes the settings of a branch"},
    {"git.tag", "git tag -d|--delete|-f|--force", CM_FX_MODERATE, "deletes or moves a tag"},
    {"git.amend", "git commit --amend", CM_FX_MODERATE, "replaces the last commit"},
    {"git.history", "git filter-branch", CM_FX_HIGH, "rewrites the history"},
    {"git.history", "git filter-repo", CM_FX_HIGH, "rewrites the history"},
    {"git.history", "git-filter-repo", CM_FX_HIGH, "rewrites the history"},
    {"git.history", "bfg", CM_FX_HIGH, "rewrites the history"},
    {"git.history", "git lfs migrate import|export", CM_FX_HIGH, "rewrites the history"},
    {"git.lose", "git reflog expire|delete", CM_FX_HIGH, "erases the way back to earlier commits"},
    {"git.lose", "git gc --prune=now|all|[0-9]*.second*", CM_FX_HIGH,
     "erases commits that nothing points to"},
    {"git.lose", "git prune", CM_FX_HIGH, "erases commits that nothing points to"},
    {"git.lose", "git update-ref -d|--delete", CM_FX_HIGH, "deletes a reference"},
    {"git.read", "git symbolic-ref ?* !?* !-d|--delete", CM_FX_HARMLESS, "prints a reference"},
    {"git.lose", "git symbolic-ref -d|--delete", CM_FX_HIGH, "deletes a reference"},
    {"git.lose", "git annex drop|dropunused --force", CM_FX_HIGH, "deletes the last copies"},
    {"git.lose", "git annex uninit", CM_FX_HIGH, "deletes the annex"},

    /* Other machines. */
    {"git.force-push", "git push -f|--force|--force-with-lease", CM_FX_HIGH,
     "overwrites commits on the remote"},
    {"git.force-push", "git push ~+?*", CM_FX_HIGH, "overwrites commits on the remote"},
    {"git.push-delete", "git push -d|--delete|--prune|--mirror", CM_FX_HIGH,
     "deletes branches or tags on the remote"},
    {"git.push-delete", "git push ~:?*", CM_FX_HIGH, "deletes branches or tags on the remote"},
    {"git.push", "git push", CM_FX_MODERATE, "sends commits to the remote"},
    {"git.push", "git lfs push", CM_FX_MODERATE, "sends files to the remote"},
    {"git.push", "git svn dcommit|commit-diff|set-tree", CM_FX_MODERATE,
     "sends commits to the remote"},
    {"git.push", "git p4 submit", CM_FX_MODERATE, "sends commits to the remote"},
    {"git.push", "git send-email|imap-send", CM_FX_MODERATE, "sends patches by mail"},
    {"git.read", "git svn log|info|fetch|clone|show-ignore|find-rev|blame", CM_FX_SAFE,
     "reads from a Subversion server"},
    {"git.read", "git annex find|whereis|info|list|status|fsck|version", CM_FX_SAFE, "reads"},
    {"git.remote", "git remote add|set-url|remove|rm|rename|prune|set-branches|set-head",
     CM_FX_MODERATE, "changes which remotes are used"},

    /* Settings. */
    {"git.config", "git config -l|--list|--get|--get-all|--get-regexp|--get-urlmatch",
     CM_FX_HARMLESS, "shows settings"},
    {"git.config", "git config --get-color|--get-colorbool", CM_FX_HARMLESS, "shows settings"},
    {"git.config", "git config list|get|get-all", CM_FX_SAFE, "shows settings"},
    {"git.config", "git config *.* *", CM_FX_MODERATE, "changes git's settings"},
    {"git.config", "git config *.*", CM_FX_SAFE, "shows a setting"},
    {"git.config", "git config set|unset|rename-section|remove-section|edit", CM_FX_MODERATE,
     "changes git's settings"},
    {"git.config", "git config --unset|--unset-all|--remove-section|--rename-section|-e|--edit",
     CM_FX_MODERATE, "changes git's settings"},
    {"git.crypt", "git-crypt unlock|lock|init|add-gpg-user|migrate-key", CM_FX_MODERATE,
     "changes which files are encrypted"},
    {"git.crypt", "git-crypt lock -f|--force", CM_FX_HIGH, "throws uncommitted work away"},

    /* Code in arguments. */
    {"git.transport", "git clone|fetch|pull|push|ls-remote|submodule|remote|archive ~ext::*",
     CM_FX_CRITICAL, "runs a program that stands in the address"},
    {"git.transport", "git clone|fetch|pull|ls-remote|fetch-pack --upload-pack|--exec", CM_FX_HIGH,
     "runs a program of its choice as the transport"},
    {"git.transport", "git clone -u", CM_FX_HIGH, "runs a program of its choice as the transport"},
    {"git.transport", "git push|send-pack --receive-pack|--exec", CM_FX_HIGH,
     "runs a program of its choice as the transport"},

    /* Files that are written. */
    {"git.write",
     "git diff|log|show|whatchanged|range-diff|diff-tree|diff-files|diff-index "
     "@--output",
     CM_FX_CREATE, "writes the output to a file"},
    {"git.write", "git archive @-o|--output", CM_FX_CREATE, "writes an archive"},
    {"git.write", "git bundle create @1", CM_FX_CREATE, "writes a bundle"},
    {"git.write", "git format-patch @-o|--output-directory", CM_FX_CREATE, "writes patches"},
    {"git.write", "git clone @2", CM_FX_CREATE, "writes a working tree"},
    {"git.write", "git init @1", CM_FX_CREATE, "makes a repository"},
    {"git.write", "git-crypt export-key|keygen @1", CM_FX_CREATE, "writes a key"},
    {"git.edit", "git interpret-trailers --in-place @", CM_FX_EDIT, "edits a file in place"},
};

/* --- what a table can't say ------------------------------------------------------------------ */

/* The number of the first word behind the subcommand; 0: it isn't the subcommand. */
static size_t behind(const cm_judging *j, const char *subcommand) {
  const cm_call *call = &j->call;
  if (!call->n_operands || !cm_str_is(call->operands[0].value, subcommand)) return 0;
  return call->operands[0].index + 1;
}

static bool has_word(const cm_run *run, size_t from, const char *alternatives) {
  for (size_t i = from; i < run->n; i++)
    if (cm_glob_any(cm_str_of(alternatives), run->words[i].text)) return true;
  return false;
}

/* What can only be a path: branches don't look like this. */
static bool is_path(const cm_rword *word) {
  return word->glob ||
         cm_glob_any(
             CM_STR(".|./*|../*|/*|:/*|:(*|*/|*.c|*.h|*.cc|*.cpp|*.cs|*.css|*.go|*.html|*.java|"
                    "*.js|*.json|*.jsx|*.kt|*.lock|*.md|*.php|*.py|*.rb|*.rs|*.scss|*.sh|*.sql|"
                    "*.swift|*.toml|*.ts|*.tsx|*.txt|*.vue|*.xml|*.yaml|*.yml|*.env|*.cfg|"
                    "*.ini|*.csv|Makefile|Dockerfile|README|LICENSE"),
             word->text);
}

static void report_discard(cm_judging *j, const cm_run *run) {
  cm_report(j, "git.discard", CM_HIGH, "throws uncommitted changes of the files away", run,
            run->span);
}

/* `git checkout -- FILE`, `git checkout HEAD FILE`, `git checkout FILE` */
static void look_checkout(cm_judging *j, const cm_run *run) {
  const cm_call *call = &j->call;
  size_t at = behind(j, "checkout");
  if (!at ||
      has_word(run, at, "-b*|-B*|--orphan*|-p|--patch|--ours|--theirs|-t|--track|-d|--detach"))
    return;
  bool paths = has_word(run, at, "--") && !cm_str_is(run->words[run->n - 1].text, "--");
  bool two = call->n_operands > 2;
  for (size_t i = 1; i < call->n_operands; i++) paths |= is_path(call->operands[i].at);
  if (paths || two || has_word(run, at, "--pathspec-from-file*")) report_discard(j, run);
}

/* `git restore` looks at the working tree unless it only looks at the index. */
static void look_restore(cm_judging *j, const cm_run *run) {
  size_t at = behind(j, "restore");
  if (!at || has_word(run, at, "-p|--patch|--ours|--theirs|-m|--merge")) return;
  bool staged = false, worktree = false;
  for (size_t i = 0; i < j->call.n_options; i++) {
    if (j->call.options[i].index < at) continue;
    staged |= cm_glob_any(CM_STR("S|staged"), j->call.options[i].name);
    worktree |= cm_glob_any(CM_STR("W|worktree"), j->call.options[i].name);
  }
  if (!staged || worktree) report_discard(j, run);
}

/* Settings whose value git runs through a shell, in lower case. */
static const char command_keys[] =
    "core.pager|core.editor|core.sshcommand|core.fsmonitor|core.gitproxy|core.askpass|"
    "core.alternaterefscommand|pager.*|sequence.editor|diff.external|diff.*.command|"
    "diff.*.textconv|difftool.*.cmd|mergetool.*.cmd|merge.*.driver|filter.*.clean|"
    "filter.*.smudge|filter.*.process|credential.helper|credential.*.helper|gpg.program|"
    "gpg.*.program|interactive.difffilter|uploadpack.packobjectshook|trailer.*.command|"
    "trailer.*.cmd|web.browser|browser.*.cmd|sendemail.*cmd|remote.*.uploadpack|"
    "remote.*.receivepack|remote.*.vcs|submodule.*.update";

/* Settings that make git read or run what lies elsewhere. */
static const char place_keys[] = "core.hookspath|include.path|includeif.*.path|init.templatedir";

static bool is_quiet_value(cm_str value) {
  return cm_glob_any(
      CM_STR("|cat|less|less -*|delta|delta *|more|most|true|false|store|cache|cache --timeout*|"
             "osxkeychain|manager|manager-core|libsecret|wincred|vim|nvim|vi|nano|emacs|"
             "code --wait|code -w|subl -n -w|gpg|gpg2|ssh|ssh -i *|checkout|merge|rebase|none|"
             "git-lfs *|meld|kdiff3|vimdiff|diff-so-fancy*|bat*"),
      value);
}

/* git -c alias.x='reset --hard' x */
static void judge_alias(cm_judging *j, cm_str value, const cm_run *run) {
  static const char git[] = {'g', 'i', 't', ' '};
  char *text = cm_arena_alloc(j->arena, value.n + sizeof git, 1);
  if (!text) {
    j->no_memory = true;
    return;
  }
  memcpy(text, git, sizeof git);
  if (value.n) memcpy(text + sizeof git, value.p, value.n);
  cm_judge_code(j, (cm_str){text, value.n + sizeof git}, run);
}

enum { KEY_MAX = 96 };

/* Judges a setting. `seen`: what it runs is a run of its own already (git -c). */
static void judge_setting(cm_judging *j, cm_str key, cm_str value, bool seen, const cm_run *run) {
  char low[KEY_MAX];
  size_t n = key.n < KEY_MAX ? key.n : KEY_MAX;
  for (size_t i = 0; i < n; i++)
    low[i] = key.p[i] >= 'A' && key.p[i] <= 'Z' ? (char)(key.p[i] + 32) : key.p[i];
  key = (cm_str){low, n};
  bool alias = cm_str_starts(key, CM_STR("alias.")), bang = value.n && value.p[0] == '!';
  if (cm_glob_any(cm_str_of(place_keys), key))
    cm_report(j, "git.config-code", CM_MODERATE, "makes git run or read files of another place",
              run, run->span);
  if (cm_str_is(key, "protocol.ext.allow") && !cm_str_is(value, "never"))
    cm_report(j, "git.config-code", CM_HIGH, "lets addresses carry programs to run", run,
              run->span);
  if (alias && seen && !bang) judge_alias(j, value, run);
  if (alias ? !bang : !cm_glob_any(cm_str_of(command_keys), key) || is_quiet_value(value)) return;
  cm_report(j, "git.config-code", CM_MODERATE, "makes git run a command", run, run->span);
  if (!seen) cm_judge_code(j, (cm_str){value.p + bang, value.n - bang}, run);
}

/* KEY=VALUE of git -c and git clone -c */
static void judge_pair(cm_judging *j, const cm_arg *arg, bool seen, const cm_run *run) {
  size_t equals = cm_str_find(arg->value, CM_STR("="));
  if (equals >= arg->value.n) return;
  cm_str key = {arg->value.p, equals};
  cm_str value = {arg->value.p + equals + 1, arg->value.n - equals - 1};
  judge_setting(j, key, value, seen, run);
}

static void look_settings(cm_judging *j, const cm_run *run) {
  const cm_call *call = &j->call;
  size_t key = 1;
  for (size_t i = 0; i < call->n_options; i++) {
    const cm_arg *arg = &call->options[i];
    bool front = !call->n_operands || arg->index < call->operands[0].index;
    if (!arg->has_value || !cm_glob_any(CM_STR("c|config"), arg->name)) continue;
    if (front || behind(j, "clone")) judge_pair(j, arg, front, run);
  }
  if (!behind(j, "config")) return;
  if (call->n_operands > 1 && cm_str_is(call->operands[1].value, "set")) key = 2;
  if (call->n_operands > key + 1)
    judge_setting(j, call->operands[key].value, call->operands[key + 1].value, false, run);
}

/* Short options whose value git runs; the long ones are runs of their own. */
static void look_commands(cm_judging *j, const cm_run *run) {
  static const char *const rows[][2] = {
      {"rebase", "x"}, {"difftool", "x"}, {"grep", "O"}, {"clone", "u"}};
  const cm_call *call = &j->call;
  for (size_t k = 0; k < CM_COUNT(rows); k++) {
    size_t at = behind(j, rows[k][0]);
    for (size_t i = 0; at && i < call->n_options; i++) {
      const cm_arg *arg = &call->options[i];
      if (arg->index >= at && arg->has_value && cm_str_is(arg->name, rows[k][1]))
        cm_judge_code(j, arg->value, run);
    }
  }
}

static void look(cm_judging *j, const cm_run *run) {
  if (!cm_str_is(j->known.name, "git")) return;
  look_checkout(j, run);
  look_restore(j, run);
  look_settings(j, run);
  look_commands(j, run);
}

const cm_pack cm_pack_git = {"git", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look};
