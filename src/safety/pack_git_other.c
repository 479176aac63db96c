/* The other version control systems, and the clients of forges: gh, glab, hub, tea. */
#include "safety/judge.h"
#include "safety/packs.h"

#define HG "R:", "repository= cwd= config= encoding= encodingmode= color= pager="
#define FORGE           \
  "R:t:b:F:B:H:l:a:m:", \
      "visibility= repo= title= body= body-file= base= head= label= assignee= notes= "

static const cm_program programs[] = {
    {"arc|git-review|gerrit", NULL, NULL, 0, CM_MODERATE},
    {"bzr|brz", "r:m:d:", "revision= message= directory=", 0, CM_MODERATE},
    {"bzr|brz branch|cat|checkout|diff|help|info|init|log|ls|status|st|version|whoami", NULL, NULL,
     0, CM_SAFE},
    {"cvs", "d:z:e:T:s:", NULL, 0, CM_MODERATE},
    {"cvs annotate|checkout|co|diff|export|help|log|status|version", NULL, NULL, 0, CM_SAFE},
    {"darcs|pijul", "m:", "repodir= name=", 0, CM_MODERATE},
    {"darcs|pijul annotate|clone|diff|get|help|init|log|whatsnew", NULL, NULL, 0, CM_SAFE},
    {"fossil", "R:m:", "user=", 0, CM_MODERATE},
    {"fossil blame|cat|clone|diff|finfo|help|info|init|ls|status|timeline|ui|version", NULL, NULL,
     0, CM_SAFE},
    {"gh", FORGE "hostname=", 0, CM_MODERATE},
    {"gh api", "X:F:f:H:q:t:p:",
     "method= field= raw-field= header= jq= template= input= hostname= cache= preview=",
     CM_PROGRAM_FETCHES, CM_SAFE},
    {"gh auth status|token|setup-git", NULL, NULL, 0, CM_SAFE},
    {"gh browse|completion|help|search|status|version", NULL, NULL, 0, CM_SAFE},
    {"gh cache|codespace|cs|config|extension|gist|gpg-key|issue|label|org|pr|project|release|repo|"
     "ruleset|run|secret|ssh-key|variable|workflow "
     "list|ls|view|status|diff|checks|watch|get|check",
     "R:", "repo= json= jq= template= limit=", CM_PROGRAM_FETCHES, CM_SAFE},
    {"gh gist create|edit", "d:f:a:", "desc= filename= add=", CM_PROGRAM_SENDS, CM_MODERATE},
    {"gh gist|repo clone", NULL, NULL, CM_PROGRAM_FETCHES, CM_SAFE},
    {"gh release create|upload",
     "R:t:n:F:", "repo= title= notes= notes-file= target=", CM_PROGRAM_SENDS, CM_MODERATE},
    {"gh run|release download",
     "R:D:p:n:O:A:", "repo= dir= pattern= name= output= archive=", CM_PROGRAM_FETCHES, CM_SAFE},
    {"glab", FORGE "group=", 0, CM_MODERATE},
    {"glab api", "X:F:f:H:", "method= field= raw-field= header= input= hostname=",
     CM_PROGRAM_FETCHES, CM_SAFE},
    {"glab auth|ci|issue|label|mr|pipeline|release|repo|snippet|ssh-key|variable|schedule|cluster "
     "list|ls|view|show|status|trace|diff|get|search|lint",
     "R:", "repo=", CM_PROGRAM_FETCHES, CM_SAFE},
    {"glab completion|help|version|check-update", NULL, NULL, 0, CM_SAFE},
    {"glab repo clone", NULL, NULL, CM_PROGRAM_FETCHES, CM_SAFE},
    {"hg", HG, 0, CM_MODERATE},
    {"hg add|addremove|annotate|blame|bisect|bookmarks|branch|branches|bundle|cat|ci|clone|commit|"
     "config|diff|export|files|forget|grep|heads|help|id|identify|in|incoming|init|log|manifest|"
     "out|"
     "outgoing|parents|paths|phase|record|resolve|root|showconfig|st|stat|status|summary|tag|tags|"
     "tip|tip|verify|version",
     "R:m:u:r:o:l:d:X:I:b:c:",
     "repository= cwd= config= message= user= rev= output= logfile= date= exclude= include= "
     "branch=",
     0, CM_SAFE},
    {"hub|tea", FORGE, 0, CM_MODERATE},
    {"hub|tea browse|clone|diff|help|log|show|status|version", NULL, NULL, 0, CM_SAFE},
    {"jj", "R:m:r:", "repository= message= revision= at-op= config=", 0, CM_MODERATE},
    {"jj util completion", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"jj diff|evolog|file|help|log|obslog|show|st|status|version", NULL, NULL, 0, CM_SAFE},
    {"p4", "p:u:P:c:C:d:H:", NULL, 0, CM_MODERATE},
    {"p4 changes|client|describe|diff|filelog|files|have|help|info|opened|print|status|where",
     NULL, NULL, 0, CM_SAFE},
    {"pre-commit", "c:", "config= color= hook-stage=", 0, CM_MODERATE},
    {"pre-commit help|run|sample-config|try-repo|validate-config|validate-manifest", NULL, NULL, 0,
     CM_SAFE},
    {"repo", "j:b:m:u:g:", "jobs=", 0, CM_MODERATE},
    {"repo branches|diff|help|info|init|list|manifest|overview|status|version", NULL, NULL, 0,
     CM_SAFE},
    {"repo forall", "c:r:g:", "command= regex=", CM_ARGV_STOP, CM_SAFE},
    {"svn", "m:r:F:",
     "message= revision= file= username= password= config-dir= config-option= depth= targets=", 0,
     CM_MODERATE},
    {"svn add|annotate|blame|cat|changelist|checkout|co|diff|export|help|info|list|log|ls|praise|"
     "propget|proplist|st|stat|status",
     "m:r:F:", "message= revision= username= password= config-dir= depth=", 0, CM_SAFE},
    {"svnadmin", NULL, "config-dir=", 0, CM_MODERATE},
    {"svnadmin create|dump|help|hotcopy|info|lslocks|lstxns|verify", "r:", "revision=", 0,
     CM_SAFE},
    {"svnlook|svnversion|svnserve", NULL, NULL, 0, CM_SAFE},
};

static const cm_rule rules[] = {
    {"vcs.help", "svn|svnadmin|hg|gh|glab|hub|tea|jj|fossil|pre-commit|repo|bzr|brz --help",
     CM_FX_HARMLESS, "shows help"},
    {"vcs.help", "svn|svnadmin|gh|glab|hg|pre-commit|hub|jj --version", CM_FX_HARMLESS,
     "shows the version"},
    {"vcs.help", "svn|svnadmin|hg|jj|repo -h", CM_FX_HARMLESS, "shows help"},
    {"vcs.help", "svn|hg|gh|glab|hub|tea|fossil|repo|bzr|brz|darcs !*", CM_FX_SAFE, "shows help"},
    {"vcs.dry-run", "svn merge|patch --dry-run", CM_FX_HARMLESS, "only says what it would do"},
    {"vcs.dry-run",
     "hg purge|clean|import|rename|mv|strip|addremove|histedit -n|--dry-run|-p|--print",
     CM_FX_HARMLESS, "only says what it would do"},

    /* Subversion, Mercurial and the like. */
    {"vcs.discard", "svn revert -R|--recursive|--depth", CM_FX_HIGH, "throws local changes away"},
    {"vcs.discard", "svn revert ~.", CM_FX_HIGH, "throws local changes away"},
    {"vcs.discard", "svn revert @", CM_FX_HIGH, "throws local changes away"},
    {"vcs.discard", "svn cleanup --remove-unversioned|--remove-ignored", CM_FX_HIGH,
     "deletes files that were never committed"},
    {"vcs.discard", "svn rm|remove|delete|del|update|up|switch|sw --force", CM_FX_HIGH,
     "may throw local changes away"},
    {"vcs.discard", "hg update|up|checkout|co|goto -C|--clean", CM_FX_HIGH,
     "throws uncommitted work away"},
    {"vcs.discard", "hg revert -a|--all|-C|--no-backup", CM_FX_HIGH,
     "throws uncommitted work away"},
    {"vcs.discard", "hg revert @", CM_FX_HIGH, "throws uncommitted work away"},
    {"vcs.discard", "hg purge|clean", CM_FX_HIGH, "deletes files that were never committed"},
    {"vcs.discard", "hg shelve -d|--delete|--cleanup", CM_FX_HIGH, "erases shelved work"},
    {"vcs.discard", "bzr|brz|darcs|fossil|cvs revert|clean-tree|clean", CM_FX_HIGH,
     "throws uncommitted work away"},
    {"vcs.discard", "cvs update|up -C", CM_FX_HIGH, "throws uncommitted work away"},
    {"vcs.discard", "p4 revert|clean|obliterate", CM_FX_HIGH, "throws uncommitted work away"},
    {"vcs.discard", "jj abandon|restore|undo", CM_FX_MODERATE,
     "drops changes; jj undo brings them back"},
    {"vcs.discard", "jj op|operation abandon", CM_FX_HIGH, "erases the way back"},
    {"vcs.discard", "repo sync --force-sync|--force-remove-dirty|--force-checkout|-d", CM_FX_HIGH,
     "throws local work away"},
    {"vcs.discard", "repo abandon|prune", CM_FX_HIGH, "deletes branches, merged or not"},
    {"vcs.rewrite", "hg strip|rollback", CM_FX_HIGH, "removes commits"},
    {"vcs.rewrite", "hg push -f|--force", CM_FX_HIGH, "forces new heads onto the remote"},
    {"vcs.rewrite", "bzr|brz uncommit|push --force|--overwrite", CM_FX_HIGH,
     "overwrites commits on the remote"},
    {"vcs.rewrite", "svnadmin load|setrevprop|rmtxns|delrevprop|obliterate", CM_FX_HIGH,
     "changes a repository behind its history"},
    {"vcs.rewrite", "svn propset|ps|propdel|pd --revprop", CM_FX_HIGH,
     "changes the recorded history"},
    {"vcs.change",
     "svn|hg|bzr|brz|cvs|darcs|p4|jj|fossil "
     "update|up|merge|push|pull|submit|sync|switch|sw|delete|rm|remove|move|mv",
     CM_FX_MODERATE, "changes the working copy or the server"},
    {"vcs.change", "svn|cvs|fossil commit|ci", CM_FX_MODERATE, "changes the server"},
    {"vcs.read", "bzr|brz|darcs|jj commit|ci|record|add|describe|new", CM_FX_SAFE,
     "commits locally"},
    {"vcs.write", "svn checkout|co|export @2", CM_FX_CREATE, "writes a working copy"},
    {"vcs.write", "svnadmin create|hotcopy @last", CM_FX_CREATE, "makes a repository"},
    {"vcs.write", "hg cat|export|archive @-o|--output", CM_FX_CREATE,
     "writes the output to a file"},
    {"vcs.write", "gh|glab repo|gist clone @2", CM_FX_CREATE, "writes a working tree"},
    {"vcs.hooks",
     "pre-commit install|uninstall|autoupdate|migrate-config|init-templatedir|gc|clean",
     CM_FX_MODERATE, "changes the hooks of the repository"},

    /* Forges. */
    {"forge.delete", "gh|glab|hub|tea repo|repos|project delete|rm", CM_FX_HIGH,
     "deletes a whole repository on the server"},
    {"forge.delete", "hub delete", CM_FX_HIGH, "deletes a whole repository on the server"},
    {"forge.delete", "gh|glab|hub|tea release|releases delete|rm", CM_FX_HIGH,
     "deletes a published release"},
    {"forge.delete", "gh codespace|cs delete --all", CM_FX_HIGH, "deletes all codespaces"},
    {"forge.delete", "gh cache delete -a|--all", CM_FX_MODERATE, "deletes build caches"},
    {"forge.delete", "gh|glab api -X|--method=DELETE ~*repos/?*/?* !*repos/*/*/*", CM_FX_HIGH,
     "deletes a whole repository on the server"},
    {"forge.delete", "gh|glab api -X|--method=DELETE ~*orgs/*", CM_FX_HIGH,
     "deletes what belongs to an organization"},
    {"forge.delete", "gh|glab api -X|--method=DELETE ~*/git/refs/*", CM_FX_HIGH,
     "deletes branches or tags on the server"},
    {"forge.delete", "glab api -X|--method=DELETE ~*projects/* !*projects/*/*", CM_FX_HIGH,
     "deletes a whole repository on the server"},
    {"forge.open", "gh repo edit --visibility=public", CM_FX_HIGH, "makes a repository public"},
    {"forge.open",
     "gh|glab api -X|--method=DELETE ~*/branches/*/protection*|*/protected_branches/*", CM_FX_HIGH,
     "takes the protection from a branch"},
    {"forge.open", "gh api -f|-F|--field|--raw-field=private=false|visibility=public", CM_FX_HIGH,
     "makes a repository public"},
    {"forge.open", "gh api -X|--method=PUT ~*/collaborators/*", CM_FX_HIGH,
     "gives somebody access to a repository"},
    {"forge.change", "gh|glab api -X|--method=[!G]*", CM_FX_MODERATE,
     "changes something on the server"},
    {"forge.change", "gh|glab api -f|-F|--field|--raw-field|--input !graphql !-X|--method",
     CM_FX_MODERATE, "changes something on the server"},
    {"forge.change",
     "gh|glab|hub|tea pr|mr|issue|release|gist|label|secret|variable|workflow|run|repo "
     "create|new|merge|close|reopen|edit|update|comment|review|ready|lock|unlock|pin|"
     "delete|rm|set|upload|enable|disable|rerun|cancel|run|fork|sync|rename|archive|"
     "transfer|note|approve|revoke|rebase|checkout|co",
     CM_FX_MODERATE, "changes something on the server or the working tree"},
    {"forge.account", "gh|glab auth login|logout|refresh|switch", CM_FX_MODERATE,
     "changes the stored account"},
    {"forge.account", "gh|glab ssh-key|gpg-key|deploy-key add|delete", CM_FX_MODERATE,
     "changes which keys have access"},
    {"forge.account",
     "gh|glab extension|alias|config install|upgrade|remove|set|delete|import|create",
     CM_FX_MODERATE, "changes the settings of the client"},
};

/* gh alias set NAME '!COMMAND' */
static void look(cm_judging *j, const cm_run *run) {
  const cm_call *call = &j->call;
  if (call->n_operands < 4 || !cm_str_is(call->operands[0].value, "alias")) return;
  cm_str text = call->operands[3].value;
  if (text.n && text.p[0] == '!') cm_judge_code(j, (cm_str){text.p + 1, text.n - 1}, run);
}

const cm_pack cm_pack_git_other = {"git_other", programs,        CM_COUNT(programs),
                                   rules,       CM_COUNT(rules), look};
