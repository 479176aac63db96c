int cm_lost;
