/* Blanks, width, words, paths. */
	int tab;
int space; 
int ret;
int äöü_which_is_exactly_sixty_columns_wide_and_it_is_good_;
int which_is_sixty_one_columns_wide_and_so_it_is_no_good_now;
/* TODO */ int TODOS;
static const char *p = "/home/ada";
int no_newline;